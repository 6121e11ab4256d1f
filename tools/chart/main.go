// Command chart makes those files of the chart that follow from others: README.md and
// values.schema.json of values.yaml, and copies of the rules and the dashboards, which a chart
// cannot take from outside its folder.
//
//	chart ROOT FOLDER
//
// ROOT is the checkout's, FOLDER that of the chart to write, whose values.yaml is ROOT's.
package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v3"
)

// home is where the chart is in the checkout.
const home = "deploy/chart/msgraph-security-exporter"

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "chart: want ROOT FOLDER")
		os.Exit(1)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "chart:", err)
		os.Exit(1)
	}
}

func run(root, folder string) error {
	text, err := os.ReadFile(filepath.Join(root, home, "values.yaml"))
	if err != nil {
		return err
	}
	var values yaml.Node
	if err := yaml.Unmarshal(text, &values); err != nil {
		return err
	}
	top := values.Content[0]
	introduction, err := os.ReadFile(filepath.Join(root, home, "README.md.gotmpl"))
	if err != nil {
		return err
	}
	readme := bytes.Replace(introduction, []byte("{{ values }}\n"), table(top, "", ""), 1)
	if err := write(filepath.Join(folder, "README.md"), readme); err != nil {
		return err
	}
	described, err := schemaOf(top)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(folder, "values.schema.json"), described); err != nil {
		return err
	}
	return copies(root, folder)
}

// copies copies what the chart has from elsewhere in the checkout.
func copies(root, folder string) error {
	for from, to := range map[string]string{
		"deploy/alerts/rules.yml": "files/rules",
		"dashboards/*.json":       "files/dashboards",
	} {
		found, err := filepath.Glob(filepath.Join(root, from))
		if err != nil || len(found) == 0 {
			return fmt.Errorf("%s: nothing (%w)", from, err)
		}
		if err := os.RemoveAll(filepath.Join(folder, to)); err != nil {
			return err
		}
		for _, name := range found {
			text, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			if err := write(filepath.Join(folder, to, filepath.Base(name)), text); err != nil {
				return err
			}
		}
	}
	return nil
}

func write(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}
