package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// A schema is a JSON schema, or a part of one.
type schema = map[string]any

// kinds are Kubernetes' own that the chart may render.
var kinds = []string{
	"ConfigMap", "Deployment", "NetworkPolicy", "Pod", "PodDisruptionBudget", "Secret", "Service", "ServiceAccount", "StatefulSet",
}

const prefix = "#/definitions/"

// builtinSchemas writes a schema for each version of each kind, with everything that it refers
// to. Fields that Kubernetes does not know are refused, as its own strict validation does.
func builtinSchemas(swagger []byte, folder string) error {
	var api struct{ Definitions map[string]schema }
	if err := json.Unmarshal(swagger, &api); err != nil {
		return err
	}
	for name, definition := range api.Definitions {
		shut(definition)
		relax(name, definition)
	}
	for name, definition := range api.Definitions {
		for _, g := range groups(definition) {
			if !slices.Contains(kinds, g.Kind) {
				continue
			}
			whole := schema{"$ref": prefix + name, "definitions": reachable(api.Definitions, name)}
			if err := write(folder, g, whole); err != nil {
				return err
			}
		}
	}
	return nil
}

// A group is how a manifest names its kind.
type group struct{ Group, Version, Kind string }

func groups(definition schema) []group {
	text, err := json.Marshal(definition["x-kubernetes-group-version-kind"])
	if err != nil {
		return nil
	}
	var all []group
	_ = json.Unmarshal(text, &all) // what has none is of no kind
	return all
}

// relax allows what the description does not say: numbers in place of names, and quantities
// that are numbers.
func relax(name string, definition schema) {
	if strings.HasSuffix(name, ".IntOrString") || strings.HasSuffix(name, ".Quantity") {
		definition["type"] = []string{"string", "integer", "number"}
		delete(definition, "format")
	}
}

// shut refuses fields beside those of an object.
func shut(definition schema) {
	if _, has := definition["properties"]; has {
		if _, open := definition["additionalProperties"]; !open && definition["x-kubernetes-preserve-unknown-fields"] != true {
			definition["additionalProperties"] = false
		}
	}
}

// reachable returns a definition and all that it refers to.
func reachable(all map[string]schema, name string) map[string]schema {
	found := map[string]schema{}
	var visit func(string)
	visit = func(name string) {
		if _, seen := found[name]; seen {
			return
		}
		found[name] = all[name]
		for _, r := range references(all[name]) {
			visit(strings.TrimPrefix(r, prefix))
		}
	}
	visit(name)
	return found
}

// references returns what a value refers to.
func references(value any) []string {
	var all []string
	switch v := value.(type) {
	case map[string]any:
		for k, inner := range v {
			if r, ok := inner.(string); ok && k == "$ref" {
				all = append(all, r)
				continue
			}
			all = append(all, references(inner)...)
		}
	case []any:
		for _, inner := range v {
			all = append(all, references(inner)...)
		}
	}
	return all
}

// customSchema writes the schemas that a custom resource definition has.
func customSchema(text []byte, folder string) error {
	var definition struct {
		Spec struct {
			Group    string
			Names    struct{ Kind string }
			Versions []struct {
				Name   string
				Schema struct {
					OpenAPIV3Schema schema `json:"openAPIV3Schema"`
				}
			}
		}
	}
	if err := yaml.Unmarshal(text, &definition); err != nil {
		return err
	}
	for _, v := range definition.Spec.Versions {
		whole := v.Schema.OpenAPIV3Schema
		shutAll(whole)
		whole["additionalProperties"] = true // metadata is described elsewhere
		if err := write(folder, group{definition.Spec.Group, v.Name, definition.Spec.Names.Kind}, whole); err != nil {
			return err
		}
	}
	return nil
}

// shutAll refuses unknown fields at every depth, and makes what may be a number or a name so.
func shutAll(value any) {
	switch v := value.(type) {
	case map[string]any:
		shut(v)
		if v["x-kubernetes-int-or-string"] == true {
			delete(v, "type")
		}
		for _, inner := range v {
			shutAll(inner)
		}
	case []any:
		for _, inner := range v {
			shutAll(inner)
		}
	}
}

// write writes a schema under the name by which kubeconform looks for it.
func write(folder string, g group, whole schema) error {
	text, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(g.Group, ".")
	name := strings.ToLower(g.Kind)
	if first != "" {
		name += "-" + first
	}
	return os.WriteFile(filepath.Join(folder, fmt.Sprintf("%s-%s.json", name, g.Version)), text, 0o644)
}
