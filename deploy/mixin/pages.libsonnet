// What pages. Each is for a reason, and stays for as long as the reason does or may do.
local promql = import 'promql.libsonnet';

{
  local config = $._config,
  local words = promql.vocabulary(config),

  // A query in a template that finds what belongs to an alert: its text and what goes into it.
  local find(text, labels) = '(printf %s %s)' % [
    '`' + text % std.join(', ', [l + '=%q' for l in labels]) + '`',
    std.join(' ', ['$labels.' + l for l in labels]),
  ],
  // The most pressing incident that nobody has, where the exporter shows incidents one by one:
  // by severity, then by age, and by severity alone where there are no scores.
  local pressing(severity, priority) =
    'msgraph_security_open_incident_info{%%s,assigned="false",severity=~"%s",priority="%s"}' % [severity, priority],
  local portal =
    local choices = [pressing('high', 'high'), pressing('medium', 'high'), pressing('.*', 'high'), pressing('high', 'none')];
    local labels = config.aggregationLabels;
    local text = std.join(' or on () ', choices);
    local matchers = std.join(', ', [l + '=%q' for l in labels]);
    local arguments = std.join(' ', ['$labels.' + l for l in labels]);
    '{{ with query (printf `%s` %s) }}{{ with (index (sortByLabel "created" .) 0).Labels.url }}{{ . }}{{ else }}%s{{ end }}{{ else }}%s{{ end }}' % [
      std.strReplace(text, '%s', matchers),
      std.join(' ', [arguments for _ in choices]),
      config.portalURL,
      config.portalURL,
    ],

  pages:: [
    $.alert(
      'MsgraphSecurityHighPriorityUnassigned',
      'page',
      |||
        count_values by (%(by)s) ("again", tenant:msgraph_security_high_priority_unassigned:anew > 0)
          * on (%(by)s) group_left ()
        (tenant:msgraph_security_high_priority_unassigned:last > tenant:msgraph_security_high_priority_backlog:min)
          or on (%(by)s)
        tenant:msgraph_security_high_priority_unassigned:last > tenant:msgraph_security_high_priority_backlog:min
      |||,
      'Nobody has taken an incident of high priority.',
      '%s of high priority %s assigned to nobody%s (of high severity, where the tenant has no priority scores). While the tenant is not seen, this is the last known number.' % [
        promql.count('open incident', 'open incidents'),
        '{{ if eq $value 1.0 }}is{{ else }}are{{ end }}',
        $.place,
      ],
    ) { annotations+: { portal_url: portal } },

    // An alert that goes on firing tells nobody anything new. Each of these is another alert, by
    // its label.
    $.alert(
      'MsgraphSecurityHighPriorityMoreUnassigned',
      'page',
      |||
        count_values by (%(by)s, reached) ("again", tenant:msgraph_security_high_priority_unassigned:reached_anew > 0)
          * on (%(by)s, reached) group_left ()
        tenant:msgraph_security_high_priority_unassigned:grew_by
          or on (%(by)s, reached)
        tenant:msgraph_security_high_priority_unassigned:grew_by > 0
          or
        tenant:msgraph_security_high_priority_unassigned:replaced > bool 0 > 0
      |||,
      'More incidents of high priority wait for somebody.',
      '%s of high priority came%s while others waited{{ with $labels.reached }}: {{ . }} are assigned to nobody then{{ end }}.' % [
        promql.count('more incident', 'more incidents'),
        $.place,
      ],
    ) { annotations+: { portal_url: portal } },

    // One alert for each cause: of a tenant alone, or of all that cannot be seen in one job since
    // about the same time, as when a process is gone or Microsoft cannot be reached.
    $.alert(
      'MsgraphSecurityBlind',
      'page',
      |||
        tenant:msgraph_security_blind:due == 1 and tenant:msgraph_security_blind:paged
          or
        tenant:msgraph_security_blind:due == 1 unless on (%(job)s) (count by (%(job)s) (tenant:msgraph_security_blind:unpaged) > 1 or job:msgraph_security_blind:paged)
          or
        (count by (%(job)s) (tenant:msgraph_security_blind:unpaged) > 1 or count by (%(job)s) (tenant:msgraph_security_blind:unpaged) > 0 and on (%(job)s) job:msgraph_security_blind:paged)
          and on (%(job)s)
        (tenant:msgraph_security_blind:due unless tenant:msgraph_security_blind:paged)
      |||,
      'Nobody sees the incidents.',
      '{{ with $labels.%(tenant)s }}The tenant {{ . }} has{{ else }}%(many)s{{ end }} no current numbers from any exporter: it is refused, it cannot reach Microsoft, it is gone, or its target is. New incidents page nobody meanwhile. Watch the queue in the portal until this is over.%(names)s' % {
        tenant: config.tenantLabel,
        many: '{{ if eq $value 1.0 }}One tenant has{{ else }}{{ printf "%.0f" $value }} tenants have{{ end }}',
        names: '{{ if not $labels.%s }}{{ range $i, $t := query %s }}{{ with $t.Labels.%s }}{{ if eq $i 0 }} They are, as far as ten: {{ else }}, {{ end }}{{ . }}{{ end }}{{ end }}{{ end }}' % [
          config.tenantLabel,
          find('topk(10, tenant:msgraph_security_blind:unpaged{%s})', words.jobLabels),
          config.tenantLabel,
        ],
      },
    ) { keep_firing_for: config.blindFor },

    $.alert(
      'MsgraphSecurityAbsent',
      'page',
      'absent(msgraph_security_up%(series)s) unless on () tenant:msgraph_security_target:timestamp',
      'Prometheus knows no exporter of security incidents.',
      'No target has msgraph_security_up: none is configured or discovered, or none has ever answered. Nothing can be alerted on.',
    ) { 'for': config.absentFor },
  ],
}
