package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// render returns a file's text with all its mutants in it. Those within others come first.
func render(text string, mutants []*mutant) string {
	slices.SortStableFunc(mutants, func(a, b *mutant) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
	rest := mutants
	return splice(text, 0, len(text), &rest)
}

// splice renders the text from start to end, and takes the mutants in it from the list.
func splice(text string, start, end int, rest *[]*mutant) string {
	var out strings.Builder
	at := start
	for len(*rest) > 0 && (*rest)[0].end <= end && (*rest)[0].start >= at {
		m := (*rest)[0]
		*rest = (*rest)[1:]
		out.WriteString(text[at:m.start])
		out.WriteString(m.text(splice(text, m.start, m.end, rest)))
		at = m.end
	}
	out.WriteString(text[at:end])
	return out.String()
}

// switchText is added to each package. Without MUTANT nothing is changed; with MUTANT_REACH
// each mutant that a test passes by is written to that file once.
const switchText = `package %s

import (
	mutantOS "os"
	mutantConv "strconv"
	mutantAtomic "sync/atomic"
)

var (
	mutantAlive, _ = mutantConv.Atoi(mutantOS.Getenv("MUTANT"))
	mutantReach, _ = mutantOS.OpenFile(mutantOS.Getenv("MUTANT_REACH"), mutantOS.O_WRONLY|mutantOS.O_APPEND|mutantOS.O_CREATE, 0o600)
	mutantSeen     [%d]mutantAtomic.Bool
)

func mutant_(n int) bool {
	if mutantReach != nil && !mutantSeen[n-%d].Load() && !mutantSeen[n-%[3]d].Swap(true) {
		mutantReach.WriteString(mutantConv.Itoa(n) + "\n")
	}
	return n == mutantAlive
}
`

// overlay writes the changed texts of the packages to a folder, and returns the name of the
// file that tells the Go command of them.
func overlay(dir string, sources []*source, mutants map[*source][]*mutant) (string, error) {
	replace := map[string]string{}
	for i, p := range sources {
		of := mutants[p]
		if len(of) == 0 {
			continue
		}
		texts := map[string]string{filepath.Join(p.Dir, "mutant_switch.go"): fmt.Sprintf(switchText, p.types.Name(), len(of), of[0].id)}
		for j, name := range p.GoFiles {
			var here []*mutant
			for _, m := range of {
				if m.file == name {
					here = append(here, m)
				}
			}
			texts[filepath.Join(p.Dir, name)] = render(string(p.texts[j]), here)
		}
		for original, text := range texts {
			changed := filepath.Join(dir, fmt.Sprintf("%d_%s", i, filepath.Base(original)))
			if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
				return "", err
			}
			replace[original] = changed
		}
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "overlay.json")
	return name, os.WriteFile(name, text, 0o600)
}
