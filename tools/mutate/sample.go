package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
)

// The smallest share of a package in a sample, and the share of the simulator, which is a
// test double for most of what it does.
const (
	smallestShare  = 12
	simulatorShare = 24
)

// sample picks about n mutants of all, by a seed: those of each package in proportion to what it
// has. A mutant stays in the sample of a seed while its key does.
func sample(mutants map[*source][]*mutant, n int, seed uint64) []*mutant {
	total := 0
	for p, of := range mutants {
		if p.name != simulator {
			total += len(of)
		}
	}
	var picked []*mutant
	for p, of := range mutants {
		share := max(smallestShare, (n*len(of)+total/2)/total)
		if p.name == simulator {
			share = simulatorShare
		}
		if n == 0 {
			share = len(of)
		}
		of = slices.Clone(of)
		slices.SortFunc(of, func(a, b *mutant) int { return bytes.Compare(draw(seed, a), draw(seed, b)) })
		picked = append(picked, of[:min(share, len(of))]...)
	}
	slices.SortFunc(picked, func(a, b *mutant) int { return a.id - b.id })
	return picked
}

const simulator = "graphclient/graphsim"

func draw(seed uint64, m *mutant) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", seed, m.key()))
	return sum[:]
}
