// Command cluster writes JSON schemas of what the chart renders, for kubeconform: of Kubernetes'
// own kinds as its API server describes them, and of those of Prometheus' operator as their
// definitions do. Both come from the modules that go.mod pins. With the flag -definitions it
// writes those definitions themselves, for an API server.
//
//	cluster [-definitions] FOLDER
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

func main() {
	definitions := flag.Bool("definitions", false, "write the operator's definitions as they are")
	flag.Parse()
	if err := run(context.Background(), flag.Arg(0), *definitions); err != nil {
		fmt.Fprintln(os.Stderr, "cluster:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder string, definitions bool) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	operator, err := module(ctx, "github.com/prometheus-operator/prometheus-operator")
	if err != nil {
		return err
	}
	for _, kind := range []string{"servicemonitors", "probes", "prometheusrules"} {
		text, err := os.ReadFile(filepath.Join(operator, "example/prometheus-operator-crd/monitoring.coreos.com_"+kind+".yaml"))
		if err != nil {
			return err
		}
		if definitions {
			err = os.WriteFile(filepath.Join(folder, kind+".yaml"), text, 0o644)
		} else {
			err = customSchema(text, folder)
		}
		if err != nil {
			return err
		}
	}
	if definitions {
		return nil
	}
	kubernetes, err := module(ctx, "k8s.io/kubernetes")
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(kubernetes, "api/openapi-spec/swagger.json"))
	if err != nil {
		return err
	}
	return builtinSchemas(text, folder)
}

// module returns the folder of a module that go.mod names.
func module(ctx context.Context, path string) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "mod", "download", "-json", path).Output()
	if err != nil {
		return "", fmt.Errorf("looking for module %s: %w", path, err)
	}
	var found struct{ Dir string }
	err = json.Unmarshal(out, &found)
	return found.Dir, err
}
