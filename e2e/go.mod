module msgraph_security_exporter/e2e

go 1.26.8

require (
	github.com/google/go-cmp v0.7.0
	msgraph_security_exporter v0.0.0
)

require (
	github.com/golang-jwt/jwt/v5 v5.3.1
	go.yaml.in/yaml/v4 v4.0.0
	software.sslmate.com/src/go-pkcs12 v0.7.4
)

require golang.org/x/crypto v0.58.0 // indirect

replace msgraph_security_exporter => ../
