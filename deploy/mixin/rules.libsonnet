// What is known of each tenant, recorded. A record that carries itself holds the last known
// value where there is none at present: through restarts of the exporter, gaps, days of outage
// and restarts of Prometheus itself. It does so for as long as the tenant is known.
local promql = import 'promql.libsonnet';

{
  local config = $._config,
  local words = promql.vocabulary(config) {
    backlogSeconds: promql.seconds(config.backlogAge),
    withinSeconds: promql.seconds(config.scoresWithin),
    goneSeconds: promql.seconds(config.scoresGoneAfter),
    synchronisingSeconds: promql.seconds(config.synchronisingFor),
    blindSeconds: promql.seconds(config.blindFor),
    // Two evaluations and a little, however seldom they are.
    memory: 2 * promql.seconds(config.scrapeIntervalMax) + 60,
  },
  // record returns a rule; %(before)s in its expression is what it was at the evaluation before,
  // however long ago that was.
  local record(name, expr) = {
    record: name,
    expr: expr % (words { before: 'last_over_time(%s[%s])' % [name, config.hold] }),
  },

  // In the order in which each needs what is above it.
  records:: self.presence + self.scores + self.waiting + self.growth + self.blindness + self.flow,

  presence:: [
    record('tenant:msgraph_security_up:max', 'max by (%(by)s) (msgraph_security_up%(series)s)'),
    // When the target of a tenant was last there, whether it answered or not. A tenant is known
    // while its target is there, and for the hold after it is gone.
    record('tenant:msgraph_security_target:timestamp', |||
      time() * group by (%(by)s) (msgraph_security_up%(series)s or up%(upSelector)s and on (%(by)s) %(before)s)
        or
      %(before)s > time() - %(holdSeconds)d
    |||),
    record('tenant:msgraph_security_first_seen:timestamp', |||
      (%(before)s or 0 * tenant:msgraph_security_up:max + time())
        and
      tenant:msgraph_security_target:timestamp
    |||),
    record('tenant:msgraph_security_seen:timestamp', |||
      0 * (tenant:msgraph_security_up:max == 1) + time()
        or
      %(before)s and tenant:msgraph_security_target:timestamp
        or
      0 * tenant:msgraph_security_target:timestamp + time()
    |||),
  ],

  // Whether a tenant has priority scores: 1, 0, or nothing while that is not known yet.
  scores:: [
    record('tenant:msgraph_security_incidents_scored:max', |||
      max by (%(by)s) ({__name__=~"msgraph_security_open_incidents|msgraph_security_open_incidents_unassigned", %(matching)spriority!="none"})
    |||),
    record('tenant:msgraph_security_incidents_unscored:max', |||
      max by (%(by)s) ({__name__=~"msgraph_security_open_incidents|msgraph_security_open_incidents_unassigned", %(matching)spriority="none"})
    |||),
    // Since when incidents have been open of which none has a score; 0 if that is not so. A gap
    // that is longer than two evaluations begins anew.
    record('tenant:msgraph_security_unscored:since', |||
      %(before)s > 0 and (tenant:msgraph_security_incidents_unscored:max > 0 unless tenant:msgraph_security_incidents_scored:max > 0)
        or
      0 * (tenant:msgraph_security_incidents_unscored:max > 0 unless tenant:msgraph_security_incidents_scored:max > 0) + time()
        or
      0 * (tenant:msgraph_security_incidents_unscored:max or tenant:msgraph_security_incidents_scored:max)
        or
      %(before)s and tenant:msgraph_security_seen:timestamp > time() - %(memory)d
        or
      0 * tenant:msgraph_security_target:timestamp
    |||),
    record('tenant:msgraph_security_scores:before', 'last_over_time(tenant:msgraph_security_scores:bool[%(hold)s])'),
    record('tenant:msgraph_security_scores:bool', |||
      0 * (tenant:msgraph_security_incidents_scored:max > 0) + 1
        or
      0 * (time() - (tenant:msgraph_security_unscored:since > 0) >= %(goneSeconds)d)
        or
      0 * (time() - (tenant:msgraph_security_unscored:since > 0) >= %(withinSeconds)d unless tenant:msgraph_security_scores:before)
        or
      tenant:msgraph_security_scores:before and tenant:msgraph_security_target:timestamp
    |||),
  ],

  // How many incidents of high priority nobody has, by the severity where there are no scores;
  // counted for each replica by itself, and of several replicas the largest number.
  waiting:: [
    record('tenant:msgraph_security_high_priority_unassigned:before', 'last_over_time(tenant:msgraph_security_high_priority_unassigned:last[%(hold)s])'),
    record('tenant:msgraph_security_high_priority_unassigned:last', |||
      max by (%(by)s) (sum without (severity, priority) (msgraph_security_open_incidents_unassigned{%(matching)sseverity="high"})) and tenant:msgraph_security_scores:bool == 0
        or
      max by (%(by)s) (sum without (severity, priority) (msgraph_security_open_incidents_unassigned{%(matching)spriority="high"}))
        or
      tenant:msgraph_security_high_priority_unassigned:before and tenant:msgraph_security_target:timestamp
    |||),
    record('tenant:msgraph_security_high_priority_unassigned_oldest:before', 'last_over_time(tenant:msgraph_security_high_priority_unassigned_oldest:last[%(hold)s])'),
    record('tenant:msgraph_security_high_priority_unassigned_oldest:last', |||
      min by (%(by)s) (msgraph_security_oldest_unassigned_incident_created_timestamp_seconds{%(matching)sseverity="high"}) and tenant:msgraph_security_scores:bool == 0
        or
      min by (%(by)s) (msgraph_security_oldest_unassigned_incident_created_timestamp_seconds{%(matching)spriority="high"})
        or
      tenant:msgraph_security_high_priority_unassigned_oldest:before and tenant:msgraph_security_target:timestamp
    |||),
    // What waited already when the tenant was first seen, and was old: nobody is paged for it.
    // It shrinks with what is taken and ends when more come.
    record('tenant:msgraph_security_high_priority_backlog:before', 'last_over_time(tenant:msgraph_security_high_priority_backlog:min[%(hold)s])'),
    record('tenant:msgraph_security_high_priority_backlog:min', |||
      tenant:msgraph_security_high_priority_unassigned:last <= tenant:msgraph_security_high_priority_backlog:before
        or
      (
        tenant:msgraph_security_high_priority_unassigned:last
          and
        tenant:msgraph_security_high_priority_unassigned_oldest:last < tenant:msgraph_security_first_seen:timestamp - %(backlogSeconds)d
          and
        (
          tenant:msgraph_security_high_priority_unassigned:last unless tenant:msgraph_security_high_priority_unassigned:before
            or
          tenant:msgraph_security_scores:bool unless tenant:msgraph_security_scores:before
        )
      )
        or
      0 * tenant:msgraph_security_high_priority_unassigned:last
    |||),
    // How often the page began anew before it had been over for long enough that Alertmanager has
    // told so: the same alert, fired again sooner, would be told to nobody.
    record('tenant:msgraph_security_high_priority_unassigned:anew', |||
      (
        %(before)s and tenant:msgraph_security_high_priority_unassigned:before > tenant:msgraph_security_high_priority_backlog:before
          or
        last_over_time(tenant:msgraph_security_high_priority_unassigned:anew[%(memory)ds]) + 1
          or
        0 * tenant:msgraph_security_high_priority_unassigned:last
      )
        and
      tenant:msgraph_security_high_priority_unassigned:last > tenant:msgraph_security_high_priority_backlog:min
    |||),
  ],

  // Each evaluation in which their number has grown while others waited: a series of its own,
  // by the number that was reached, for as long as so many wait. Two servers agree on it, and an
  // evaluation that only one of them has made does no harm.
  local grown = |||
    count_values by (%(by)s) ("reached",
      tenant:msgraph_security_high_priority_unassigned:last > tenant:msgraph_security_high_priority_unassigned:before
        and
      tenant:msgraph_security_high_priority_unassigned:before > tenant:msgraph_security_high_priority_backlog:before
    )
  |||,
  local reached = '(last_over_time(tenant:msgraph_security_high_priority_unassigned:reached[%(hold)s]) > 0)',
  growth:: [
    // How often a number was reached anew before its alert had been over for long enough that
    // Alertmanager has told so: what fires again sooner, with the same labels, is told to nobody.
    record('tenant:msgraph_security_high_priority_unassigned:reached_anew', |||
      0 * %(grown)s + (last_over_time(tenant:msgraph_security_high_priority_unassigned:reached_anew[%%(memory)ds]) + 1)
        or
      0 * %(grown)s
        or
      %%(before)s and %(reached)s <= on (%%(by)s) group_left () tenant:msgraph_security_high_priority_unassigned:last
    ||| % { grown: std.rstripChars(grown, '\n'), reached: reached }),
    record('tenant:msgraph_security_high_priority_unassigned:reached', |||
      %(grown)s * on (%%(by)s) group_left () tenant:msgraph_security_high_priority_unassigned:last
        or
      %(reached)s <= on (%%(by)s) group_left () tenant:msgraph_security_high_priority_unassigned:last
        or
      0 * %(reached)s
    ||| % { grown: std.rstripChars(grown, '\n'), reached: reached }),
    record('tenant:msgraph_security_high_priority_unassigned:grew_by', |||
      %(grown)s * on (%%(by)s) group_left () (tenant:msgraph_security_high_priority_unassigned:last - tenant:msgraph_security_high_priority_unassigned:before)
        or
      %%(before)s and tenant:msgraph_security_high_priority_unassigned:reached > 0
    ||| % { grown: std.rstripChars(grown, '\n') }),
    // As many as before, and the oldest of them has gone: another has come. By the time at which
    // the one that is the oldest now was created.
    record('tenant:msgraph_security_high_priority_unassigned:replaced', |||
      count_values by (%(by)s) ("oldest",
        floor(tenant:msgraph_security_high_priority_unassigned_oldest:last) > floor(tenant:msgraph_security_high_priority_unassigned_oldest:before)
          and
        tenant:msgraph_security_high_priority_unassigned:last == tenant:msgraph_security_high_priority_unassigned:before
          and
        tenant:msgraph_security_high_priority_unassigned:before > tenant:msgraph_security_high_priority_backlog:before
      ) * on (%(by)s) group_left () tenant:msgraph_security_high_priority_unassigned_oldest:last
        or
      (%(before)s > 0) == on (%(by)s) group_left () (tenant:msgraph_security_high_priority_unassigned_oldest:last and tenant:msgraph_security_high_priority_unassigned:last > 0)
        or
      0 * (%(before)s > 0)
    |||),
  ],

  // Whom nobody sees: not a process that synchronises, unless it has done so for very long, and
  // not a tenant whose target was taken away while the others of its job stayed.
  blindness:: [
    record('tenant:msgraph_security_synchronising:group', |||
      group by (%(by)s) (
        msgraph_security_problem{%(matching)sreason="synchronising"} == 1
          unless ignoring (reason)
        msgraph_security_problem{%(matching)sreason!~"synchronising|behind|throttled"} == 1
      )
    |||),
    // Whom an alert of their own names, and jobs that share one: who is in either stays there until
    // seen again, so that one cause is one page.
    record('tenant:msgraph_security_blind:paged', |||
      group by (%(by)s) (last_over_time(ALERTS{alertname="MsgraphSecurityBlind", alertstate="firing", %(tenant)s!=""}[%(memory)ds]))
    |||),
    record('job:msgraph_security_blind:paged', |||
      group by (%(job)s) (last_over_time(ALERTS{alertname="MsgraphSecurityBlind", alertstate="firing", %(tenant)s=""}[%(memory)ds]))
    |||),
    record('tenant:msgraph_security_blind:group', |||
      tenant:msgraph_security_target:timestamp > bool 0 and tenant:msgraph_security_blind:paged unless tenant:msgraph_security_up:max == 1
        or
      tenant:msgraph_security_target:timestamp > bool 0
        unless
      tenant:msgraph_security_up:max == 1
        unless
      (tenant:msgraph_security_synchronising:group and tenant:msgraph_security_seen:timestamp > time() - %(synchronisingSeconds)d)
        unless
      (tenant:msgraph_security_target:timestamp < time() and on (%(job)s) max by (%(job)s) (tenant:msgraph_security_target:timestamp) == time())
    |||),
    // Since when; 0 for whom is seen. Recorded, and not left to `for`, because a Prometheus that
    // restarts would wait anew and meanwhile let the page end.
    record('tenant:msgraph_security_blind:since', |||
      last_over_time(tenant:msgraph_security_blind:since[%(memory)ds]) > 0 and tenant:msgraph_security_blind:group
        or
      0 * tenant:msgraph_security_blind:group + time()
        or
      0 * tenant:msgraph_security_target:timestamp
    |||),
    record('tenant:msgraph_security_blind:unpaged', 'tenant:msgraph_security_blind:group unless tenant:msgraph_security_blind:paged'),
    // Who has been blind for long enough to page.
    record('tenant:msgraph_security_blind:due', 'tenant:msgraph_security_blind:group and time() - tenant:msgraph_security_blind:since >= %(blindSeconds)d'),
  ],

  // How many there are, how many have come, and how many have missed each objective; of those, how
  // many had done so already when they were first counted.
  flow:: [
    record('tenant:msgraph_security_open_incidents:sum', |||
      max by (%(by)s) (sum without (severity, status, classification, priority) (msgraph_security_open_incidents%(series)s))
    |||),
    record('tenant:msgraph_security_incidents_opened:increase1h', |||
      max by (%(by)s) (sum without (severity) (increase(msgraph_security_incidents_opened_total%(series)s[1h])))
    |||),
    record('tenant_objective:msgraph_security_objective_breached_incidents:last', |||
      max by (%(by)s, objective) (msgraph_security_objective_breached_incidents%(series)s)
        or
      %(before)s and on (%(by)s) tenant:msgraph_security_target:timestamp unless on (%(by)s) tenant:msgraph_security_up:max == 1
    |||),
    record('tenant_objective:msgraph_security_objective_breached_incidents:before', |||
      last_over_time(tenant_objective:msgraph_security_objective_breached_incidents:backlog[%(hold)s])
    |||),
    record('tenant_objective:msgraph_security_objective_breached_incidents:backlog', |||
      tenant_objective:msgraph_security_objective_breached_incidents:last <= tenant_objective:msgraph_security_objective_breached_incidents:before
        or
      tenant_objective:msgraph_security_objective_breached_incidents:before and tenant_objective:msgraph_security_objective_breached_incidents:last
        or
      tenant_objective:msgraph_security_objective_breached_incidents:last
    |||),
  ],
}
