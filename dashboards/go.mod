module msgraph_security_exporter/dashboards

go 1.26.8

require github.com/grafana/grafana-foundation-sdk/go v0.0.18

require (
	golang.org/x/image v0.47.0
	golang.org/x/sys v0.49.0 // indirect
	golang.org/x/text v0.43.0 // indirect
)
