package graphclient

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"msgraph_security_exporter/graphclient/graphsim"
)

// TestMemoryIsReused: memory that answers are read with goes from one to the next, of other clients
// too, and what was read stays as it was read.
func TestMemoryIsReused(t *testing.T) {
	var readers sync.WaitGroup
	for tenant := range 4 {
		sim := graphsim.New(graphsim.Config{Seed: uint64(tenant)})
		for i := range 60 {
			sim.Add(graphsim.Incident{AssignedTo: fmt.Sprintf("analyst-%d-%d@tenant.example", tenant, i)})
		}
		client := serve(t, sim)
		readers.Go(func() {
			var first []Incident
			for range 20 {
				got, _, err := list(t.Context(), client, Query{})
				if err != nil {
					t.Error(err)
					return
				}
				if first == nil {
					first = got
				}
				same := func(a, b Incident) bool { return a.ID == b.ID && a.AssignedTo == b.AssignedTo && a.WebURL == b.WebURL }
				if !slices.EqualFunc(first, got, same) || got[0].AssignedTo == "" {
					t.Errorf("tenant %d: what was read has changed: %q and %q", tenant, first[0].AssignedTo, got[0].AssignedTo)
					return
				}
			}
		})
	}
	readers.Wait()
}

// BenchmarkAnswer reads a page of fifty incidents, compressed as Graph sends it.
func BenchmarkAnswer(b *testing.B) {
	described := strings.TrimSuffix(row("id", `"1"`), "}") + `,"description":"` + strings.Repeat("A suspicious sign-in was seen. ", 90) + `"}`
	var sent bytes.Buffer
	z := gzip.NewWriter(&sent)
	_, _ = io.WriteString(z, `{"value":[`+strings.TrimSuffix(strings.Repeat(described+",", 50), ",")+`]}`)
	_ = z.Close()
	client := Client{longBody: make(chan struct{}, 1)}
	b.ReportAllocs()
	for b.Loop() {
		resp := &http.Response{Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(sent.Bytes()))}
		decompress(resp)
		body, release, err := client.read(b.Context(), resp)
		if err != nil {
			b.Fatal(err)
		}
		if page, _, err := parsePage(body); err != nil || len(page.Incidents) != 50 {
			b.Fatal(err)
		}
		release()
		_ = resp.Body.Close()
	}
}
