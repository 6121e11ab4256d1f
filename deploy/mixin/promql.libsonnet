// What the rules are written with: names, durations and the phrases that return.
{
  // seconds returns a duration of one unit as a number.
  seconds(duration)::
    std.parseInt(duration[:std.length(duration) - 1]) * { s: 1, m: 60, h: 3600, d: 86400 }[duration[std.length(duration) - 1]],

  // vocabulary returns what the text of a rule refers to as %(name)s.
  vocabulary(config):: {
    by: std.join(', ', config.aggregationLabels),
    job: std.join(', ', self.jobLabels),
    jobLabels: [l for l in config.aggregationLabels if l != config.tenantLabel],
    tenant: config.tenantLabel,
    hold: config.hold,
    holdSeconds: $.seconds(config.hold),
    // Matchers before others, and alone.
    matching: if config.selector == '' then '' else config.selector + ', ',
    series: if config.selector == '' then '' else '{%s}' % config.selector,
    upSelector: if config.upSelector == '' then '' else '{%s}' % config.upSelector,
    upMatching: if config.upSelector == '' then '' else config.upSelector + ', ',
    // A series that is scraped as seldom as is allowed is missing for a moment at each scrape.
    // This range bridges it.
    recent: config.blindFor,
  },

  // count returns a template for the value as a number of things.
  count(one, many):: '{{ if eq $value 1.0 }}1 %s{{ else }}{{ printf "%%.0f" $value }} %s{{ end }}' % [one, many],
}
