// Command dashboards writes the Grafana dashboards of the exporter into the current
// folder, as JSON that Grafana 10 and later import.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if err := write("."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// boards returns the dashboards by the name of their file.
func boards() map[string]board {
	return map[string]board{
		"soc-wall.json":        wall(),
		"soc-performance.json": performance(),
		"exporter-health.json": health(),
	}
}

// write generates every dashboard into a folder.
func write(folder string) error {
	for name, b := range boards() {
		text, err := b.json()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// json returns the dashboard as it is committed: indented, so that a review reads
// the difference, and with operators of PromQL left as they are.
func (b board) json() ([]byte, error) {
	built, err := b.build()
	if err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(built, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(readable(text), '\n'), nil
}
