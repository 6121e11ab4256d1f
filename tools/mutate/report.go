package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// enough is the share of the sample that has to be noticed, in percent.
const enough = 90

// A report counts what became of the mutants.
type report struct {
	packages  []string
	of, lived map[string]int
	survivors []*mutant
	notes     []string
}

func newReport() *report { return &report{of: map[string]int{}, lived: map[string]int{}} }

func (r *report) add(m *mutant, v verdict) {
	if !slices.Contains(r.packages, m.pkg) {
		r.packages = append(r.packages, m.pkg)
	}
	r.of[m.pkg]++
	if v.By == "" {
		r.lived[m.pkg]++
		r.survivors, r.notes = append(r.survivors, m), append(r.notes, v.Note)
	}
}

// print prints the table, and returns what is wrong: too few that are noticed, or a survivor
// that nobody has explained.
func (r *report) print(explained map[string]string) error {
	fmt.Println("\n| package | mutants | noticed |\n|---|---:|---:|")
	of, lived := 0, 0
	for _, p := range r.packages {
		of, lived = of+r.of[p], lived+r.lived[p]
		fmt.Printf("| `%s` | %d | %.0f %% |\n", p, r.of[p], 100*float64(r.of[p]-r.lived[p])/float64(r.of[p]))
	}
	share := 100 * float64(of-lived) / float64(max(of, 1))
	fmt.Printf("| all | %d | %.1f %% |\n\n", of, share)
	var wrong []error
	for i, m := range r.survivors {
		if explained[m.key()] == "" {
			fmt.Printf("%s:%d\n%s\n    %s\n", filepath.Join(m.pkg, m.file), m.line, m.key(), r.notes[i])
			wrong = append(wrong, fmt.Errorf("%s: not noticed, and not explained", m.key()))
		}
	}
	if share < enough {
		wrong = append(wrong, fmt.Errorf("%.1f %% are noticed, want %d %%", share, enough))
	}
	return errors.Join(wrong...)
}

// explanations reads the list of survivors: a key, and below it, indented, why no test
// notices that mutant.
func explanations(name string) (map[string]string, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	all := map[string]string{}
	key := ""
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "    "):
			all[key] = strings.TrimSpace(all[key] + " " + strings.TrimSpace(line))
		default:
			if key = line; all[key] != "" {
				return nil, fmt.Errorf("%s: %s: twice", name, key)
			}
			all[key] = ""
		}
	}
	for key, why := range all {
		if why == "" {
			return nil, fmt.Errorf("%s: %s: no reason", name, key)
		}
	}
	return all, lines.Err()
}

// outdated returns an error for each explanation of a mutant that there is no more.
func outdated(explained map[string]string, mutants map[*source][]*mutant) error {
	there := map[string]bool{}
	for _, of := range mutants {
		for _, m := range of {
			there[m.key()] = true
		}
	}
	var wrong []error
	for key := range explained {
		if !there[key] {
			wrong = append(wrong, fmt.Errorf("survivors: there is no mutant %s", key))
		}
	}
	return errors.Join(wrong...)
}
