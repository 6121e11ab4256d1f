// Rules and boards of msgraph_security_exporter, as monitoring-mixins describes it.
(import 'config.libsonnet') + (import 'rules.libsonnet') + (import 'alerts.libsonnet') + {
  local config = $._config,

  // One group, because each alert is to see what has been recorded in the same evaluation.
  prometheusAlerts+:: {
    groups+: [
      { name: 'msgraph_security', rules: $.records + $.pages + $.incidents + $.exporters } +
      (if config.evaluationInterval == '' then {} else { interval: config.evaluationInterval }),
    ],
  },
  prometheusRules+:: { groups+: [] },

  grafanaDashboards+:: {
    'soc-wall.json': import '../../dashboards/soc-wall.json',
    'soc-performance.json': import '../../dashboards/soc-performance.json',
    'exporter-health.json': import '../../dashboards/exporter-health.json',
  },
}
