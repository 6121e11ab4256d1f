package main

import (
	"bytes"
	"encoding/json"
	"maps"

	"go.yaml.in/yaml/v3"
)

// A schema is a JSON schema, or a part of one.
type schema = map[string]any

// narrower is what a default does not tell of a value.
var narrower = map[string]schema{
	"image.digest":                       {"pattern": "^(sha256:[0-9a-f]{64})?$"},
	"image.pullPolicy":                   {"enum": []string{"Always", "IfNotPresent", "Never"}},
	"replicas":                           {"minimum": 0},
	"shards":                             {"minimum": 0, "maximum": 100},
	"graph.cloud":                        {"enum": []string{"public", "usgov", "usgov-dod"}},
	"graph.authMethod":                   {"enum": []string{"auto", "secret", "certificate", "workload-identity", "managed-identity"}},
	"graph.requestsPerMinute":            {"minimum": 1, "maximum": 100000},
	"collector.incidentInfo":             {"minimum": 0},
	"log.level":                          {"enum": []string{"debug", "info", "warn", "error"}},
	"log.format":                         {"enum": []string{"logfmt", "json"}},
	"service.type":                       {"enum": []string{"ClusterIP", "NodePort", "LoadBalancer"}},
	"service.port":                       {"minimum": 1, "maximum": 65535},
	"podDisruptionBudget.minAvailable":   {"type": []string{"integer", "string"}},
	"podDisruptionBudget.maxUnavailable": {"type": []string{"integer", "string"}},
	"terminationGracePeriodSeconds":      {"minimum": 0},
}

// schemaOf returns a schema that knows every value by its default, and so refuses a value that
// was misspelt.
func schemaOf(values *yaml.Node) ([]byte, error) {
	top := object(values, "")
	top["$schema"] = "http://json-schema.org/draft-07/schema#"
	// Helm itself sets these.
	top["properties"].(schema)["global"] = schema{"type": "object"}
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(top)
	return text.Bytes(), err
}

// object describes a section.
func object(values *yaml.Node, path string) schema {
	properties := schema{}
	for i := 0; i < len(values.Content); i += 2 {
		name := values.Content[i].Value
		properties[name] = describe(values.Content[i+1], join(path, name))
	}
	return schema{"type": "object", "additionalProperties": false, "properties": properties}
}

// describe describes one value.
func describe(value *yaml.Node, path string) schema {
	if !leaf(path, value) {
		return object(value, path)
	}
	s := schema{}
	switch value.Kind {
	case yaml.MappingNode:
		s["type"] = "object"
	case yaml.SequenceNode:
		s["type"] = "array"
	default:
		s["type"] = map[string]string{"!!str": "string", "!!bool": "boolean", "!!int": "integer"}[value.Tag]
	}
	maps.Copy(s, narrower[path])
	return s
}
