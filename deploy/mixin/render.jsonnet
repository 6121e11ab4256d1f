// The rules as a file for Prometheus: jsonnet -S render.jsonnet.
local mixin = import 'mixin.libsonnet';

|||
  # Rendered from deploy/mixin, where the settings are and what each rule is for:
  # make rendered writes this file anew. docs/alerts.md says what pages whom.
||| + std.manifestYamlDoc(mixin.prometheusAlerts, indent_array_in_object=true, quote_keys=false) + '\n'
