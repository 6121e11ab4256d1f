module msgraph_security_exporter/e2e

go 1.26.8

require (
	github.com/google/go-cmp v0.7.0
	msgraph_security_exporter v0.0.0
)

require go.yaml.in/yaml/v4 v4.0.0

replace msgraph_security_exporter => ../
