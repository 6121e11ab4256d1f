// The alerts about incidents and about the exporter that open a ticket or are only noted. A
// summary is a sentence, the same whatever the numbers; the description has those.
local promql = import 'promql.libsonnet';

(import 'pages.libsonnet') + {
  local config = $._config,
  local words = promql.vocabulary(config) + config {
    credentialSeconds: promql.seconds(config.credentialWithin),
    aboutSeconds: promql.seconds(config.aboutToMiss),
  },

  // place is where it is, in a template: nothing for the only tenant.
  place:: '{{ with $labels.%s }} in {{ . }}{{ end }}' % config.tenantLabel,

  // alert returns a rule whose expression refers to the settings as %(name)s.
  alert(name, severity, expr, summary, description):: {
    alert: name,
    expr: expr % words,
    labels: { severity: config.severities[severity] },
    annotations: { summary: summary, description: description, runbook_url: config.runbookURL % name },
  },

  local lasting = { keep_firing_for: config.keepFiringFor },

  incidents:: [
    $.alert(
      'MsgraphSecurityObjectiveMissed',
      'ticket',
      'tenant_objective:msgraph_security_objective_breached_incidents:last > tenant_objective:msgraph_security_objective_breached_incidents:backlog',
      'An objective is missed.',
      '%s later than the objective {{ $labels.objective }} allows%s.' % [promql.count('open incident is', 'open incidents are'), $.place],
    ) + lasting,

    $.alert(
      'MsgraphSecurityBacklog',
      'ticket',
      |||
        tenant:msgraph_security_high_priority_backlog:min > 0
          or
        max by (%(by)s) (tenant_objective:msgraph_security_objective_breached_incidents:backlog) > 0
      |||,
      'Incidents were late already when the tenant was first seen.',
      'At least %s late or waiting when the exporter first saw them%s. Nobody is paged for these; those that come after them page as always.' % [
        promql.count('incident was', 'incidents were'),
        $.place,
      ],
    ) + lasting,

    $.alert(
      'MsgraphSecurityBacklogGrowing',
      'ticket',
      |||
        tenant:msgraph_security_open_incidents:sum - tenant:msgraph_security_open_incidents:sum offset 1d > %(growth)s
          and
        tenant:msgraph_security_open_incidents:sum > %(growthFactor)s * tenant:msgraph_security_open_incidents:sum offset 1d
      |||,
      'More incidents come in than are closed.',
      '{{ printf "%%.0f" $value }} more are open than a day ago%s, and it has been about as many for %s.' % [$.place, config.growthFor],
    ) + lasting { 'for': config.growthFor },

    $.alert(
      'MsgraphSecuritySurge',
      'ticket',
      |||
        tenant:msgraph_security_incidents_opened:increase1h > %(surge)s
          and
        tenant:msgraph_security_incidents_opened:increase1h > %(surgeFactor)s * avg_over_time(tenant:msgraph_security_incidents_opened:increase1h[7d:1h])
      |||,
      'Far more incidents come in than usual.',
      '{{ printf "%%.0f" $value }} came in within an hour%s, more than %s times what an hour has brought in the last week: an attack, or a detection that misfires.' % [$.place, config.surgeFactor],
    ) + lasting,

    $.alert(
      'MsgraphSecurityQuiet',
      'ticket',
      |||
        max_over_time(tenant:msgraph_security_incidents_opened:increase1h[%(quietOver)s:1h]) == 0
          and
        sum_over_time(tenant:msgraph_security_incidents_opened:increase1h[7d:1h] offset %(quietOver)s) > %(quietUsual)s
      |||,
      'It is suspiciously quiet.',
      'No incident has come in for %s%s, where the week before brought more than %s. The detections may have stopped, or a licence may have ended.' % [config.quietOver, $.place, config.quietUsual],
    ) + lasting { 'for': config.quietFor },

    $.alert(
      'MsgraphSecurityObjectiveAboutToMiss',
      'note',
      'min by (%(by)s, objective) (msgraph_security_objective_next_breach_timestamp_seconds%(series)s) - time() < %(aboutSeconds)d',
      'An incident is about to miss an objective.',
      'It misses {{ $labels.objective }}%s within %s, unless somebody acts.' % [$.place, config.aboutToMiss],
    ),

    $.alert(
      'MsgraphSecurityNoScores',
      'note',
      'tenant:msgraph_security_scores:bool == 0',
      'No incident has a priority score.',
      'None of those that were open last%s. The severity decides whom to page: high severity counts as high priority.' % $.place,
    ) { 'for': config.noScoresFor, keep_firing_for: config.keepFiringFor },
  ],

  exporters:: [
    $.alert(
      'MsgraphSecurityTargetDown',
      'ticket',
      'count by (%(job)s) (count by (%(job)s, instance) (up{%(upMatching)s} == 0 and on (%(by)s) tenant:msgraph_security_target:timestamp))',
      'A process of the exporter does not answer.',
      'Prometheus gets no page of %s for at least one tenant. Others may still see its tenants; if nobody does, MsgraphSecurityBlind says so.' % promql.count('process', 'processes'),
    ) + lasting { 'for': config.targetDownFor },

    $.alert(
      'MsgraphSecurityTargetGone',
      'ticket',
      'time() - (tenant:msgraph_security_target:timestamp < time())',
      'The target of a tenant is gone.',
      'Prometheus has had no target%s for {{ $value | humanizeDuration }}. After %s the tenant is forgotten, and with it its pages. If it was taken out on purpose, that is well.' % [$.place, config.hold],
    ) { 'for': config.targetGoneFor },

    $.alert(
      'MsgraphSecurityRefreshesFailing',
      'ticket',
      |||
        max by (%(by)s) (
          sum without (result) (increase(msgraph_security_refreshes_total{%(matching)sresult="error"}[%(failingOver)s]))
            /
          sum without (result) (increase(msgraph_security_refreshes_total%(series)s[%(failingOver)s]))
        ) > %(failingShare)g
      |||,
      'Many refreshes of the exporter fail.',
      '{{ $value | humanizePercentage }} of those within %s have failed%s.' % [config.failingOver, $.place],
    ) + lasting { 'for': config.failingFor },

    $.alert(
      'MsgraphSecurityBehind',
      'ticket',
      'min by (%(by)s) (last_over_time(msgraph_security_problem{%(matching)sreason="behind"}[%(recent)s])) == 1',
      'The exporter cannot keep up.',
      'For %s reading%s has not kept up. The numbers are as old as msgraph_security_snapshot_timestamp_seconds says, and changes without a date may be missing for as long as msgraph_security_sweep_period_seconds says.' % [config.behindFor, $.place],
    ) + lasting { 'for': config.behindFor },

    $.alert(
      'MsgraphSecuritySignInRefused',
      'ticket',
      'max by (%(by)s, reason) (last_over_time(msgraph_security_problem{%(matching)sreason=~"credential|unauthorized|forbidden"}[%(recent)s])) == 1',
      'Microsoft refuses the exporter.',
      'Its credential, its token or its permission is not accepted%s: {{ $labels.reason }}. It does not mend itself.' % $.place,
    ) + lasting { 'for': config.refusedFor },

    $.alert(
      'MsgraphSecurityCredentialFallback',
      'ticket',
      'max by (%(by)s) (last_over_time(msgraph_security_credential_fallback%(series)s[%(recent)s])) == 1',
      'The exporter signs in with an old credential.',
      'The credential that is configured%s is refused, so that the last one that was accepted stays in use. When that ends, the exporter is blind.' % $.place,
    ) + lasting { 'for': config.fallbackFor },

    $.alert(
      'MsgraphSecurityCredentialExpiring',
      'ticket',
      'min by (%(by)s, kind) (last_over_time(msgraph_security_credential_expiry_timestamp_seconds%(series)s[%(recent)s])) < time() + %(credentialSeconds)d',
      'The credential of the exporter ends soon, or has ended.',
      'The end of its {{ $labels.kind }}%s is {{ $value | humanizeTimestamp }}. From then on the exporter is blind.' % $.place,
    ) + lasting,

    $.alert(
      'MsgraphSecurityThrottled',
      'ticket',
      'max by (%(by)s) (last_over_time(msgraph_security_problem{%(matching)sreason="throttled"}[%(recent)s])) == 1',
      'Microsoft throttles the exporter.',
      'It has done so%s for %s, although the exporter has slowed down: something else may use the same quota.' % [$.place, config.throttledFor],
    ) + lasting { 'for': config.throttledFor },

    $.alert(
      'MsgraphSecurityTenantsMerged',
      'ticket',
      |||
        count by (%(by)s) (
          max by (%(by)s, severity, priority) (msgraph_security_oldest_open_incident_created_timestamp_seconds%(series)s and ignoring (severity, priority) msgraph_security_up == 1)
            >
          min by (%(by)s, severity, priority) (msgraph_security_oldest_open_incident_created_timestamp_seconds%(series)s and ignoring (severity, priority) msgraph_security_up == 1)
        )
      |||,
      'Several tenants are scraped as if they were one.',
      'Targets with the same labels %s have had different incidents for %s, and so are not replicas of one exporter. Put the name of the tenant into the label %s, as docs/tenants.md shows: alerts and boards show the largest number of all of them.' % [words.by, config.mergedFor, config.tenantLabel],
    ) + lasting { 'for': config.mergedFor },

    $.alert(
      'MsgraphSecurityConfigurationStale',
      'ticket',
      'min by (%(by)s) (last_over_time(msgraph_security_config_last_reload_successful%(series)s[%(recent)s])) == 0',
      'The exporter goes on with an old configuration.',
      'Its file was changed and has mistakes, so that the last good one stays in use. The log names each.',
    ) + lasting { 'for': config.configurationFor },

    $.alert(
      'MsgraphSecurityUnknownValues',
      'note',
      'round(max by (%(by)s, field) (increase(msgraph_security_unknown_values_total%(series)s[1h]))) > 0',
      'Graph sends values that the exporter does not know.',
      'In the field {{ $labels.field }}%s. Such incidents count under a name of their own, so that no sum is wrong; a selector of known values misses them.' % $.place,
    ),
  ],
}
