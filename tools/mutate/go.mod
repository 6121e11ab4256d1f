module msgraph_security_exporter/tools/mutate

go 1.26.8
