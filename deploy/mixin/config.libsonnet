// Everything that may be set, with what it is unless it is set. Change it from outside:
//
//   (import 'mixin.libsonnet') { _config+:: { runbookURL: 'https://wiki.example/%s' } }
//
// Durations are written as Prometheus writes them, with one unit: 90s, 5m, 4h, 1d.
{
  _config+:: {
    // Label matchers for the exporter's own series, such as 'job="msgraph_security"', and for
    // the series `up` of its targets. Without any, the exporter's are known by their names and
    // their targets by their labels; where other exporters share the job, set upSelector.
    selector: '',
    upSelector: '',

    // What tells one tenant from another: everything is aggregated by these labels and by no
    // others, the largest of several replicas first. tenantLabel is the one that a target of a
    // single tenant lacks; it must be among them.
    aggregationLabels: ['job', 'tenant'],
    tenantLabel: 'tenant',

    // How often targets may be scraped. The durations below suit any interval within these.
    scrapeIntervalMin: '15s',
    scrapeIntervalMax: '5m',
    // How often the rules are evaluated; as often as Prometheus is configured to if ''.
    evaluationInterval: '',

    // Put on each alert. An incident's own severity would be the label incident_severity.
    severities: { page: 'critical', ticket: 'warning', note: 'info' },
    // Where the runbooks are, %s for the name of the alert: an address of nobody.
    runbookURL: 'https://msgraph-security-exporter.example/docs/runbooks/%s.md',
    // The queue in the portal, for where no single incident can be linked.
    portalURL: 'https://security.microsoft.com/incidents',

    // How long what was last known holds once the target is gone: longer than any
    // redeployment, and any restart of Prometheus.
    hold: '1d',

    // Pages. Longer than the longest scrape interval and its timeout, so that one failed
    // scrape is none.
    blindFor: '6m',
    // How long nothing may answer when nothing has yet. Prometheus takes up where it was with
    // waits of ten minutes and more when it restarts, and with no shorter one.
    absentFor: '10m',
    // How long a process may synchronise before that is blindness.
    synchronisingFor: '1h',
    // A waiting incident that was so old already when its tenant was first seen is backlog.
    backlogAge: '1h',
    // How long incidents without a score mean that a new tenant has none, and how long that
    // one has lost them.
    scoresWithin: '5m',
    scoresGoneAfter: '1h',

    // Warnings. None waits for less than ten minutes, as above: after a restart of Prometheus it
    // would end meanwhile, and be told twice.
    targetDownFor: '10m',
    targetGoneFor: '10m',
    failingShare: 0.2,
    failingOver: '30m',
    failingFor: '10m',
    behindFor: '15m',
    throttledFor: '15m',
    refusedFor: '10m',
    fallbackFor: '10m',
    configurationFor: '10m',
    mergedFor: '30m',
    credentialWithin: '14d',
    growth: 20,
    growthFactor: 1.2,
    growthFor: '1h',
    surge: 20,
    surgeFactor: 5,
    quietOver: '3d',
    quietUsual: 10,
    quietFor: '15m',

    // Notes.
    aboutToMiss: '5m',
    noScoresFor: '1h',

    // How long a warning goes on after its reason, so that a restart does not end it.
    keepFiringFor: '15m',
  },
}
