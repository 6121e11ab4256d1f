# What CI runs: .ci/run calls these targets.
.PHONY: build test race lint dashboards e2e rules tools model fuzz bench image demo
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
OUT      ?= msgraph_security_exporter
MODEL_EVENTS ?= 1000000
BENCH_PULLS ?= 1000
FUZZTIME ?= 10s
stamp := github.com/prometheus/common/version

build: ; CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X $(stamp).Version=$(VERSION) -X $(stamp).Revision=$(REVISION)' -o '$(OUT)' .
test:  ; go test ./...
race:  ; go test -race -shuffle=on ./...
lint: tools ; .tools/bin/golangci-lint run ./... && cd e2e && ../.tools/bin/golangci-lint run ./... && cd ../dashboards && ../.tools/bin/golangci-lint run ./...
dashboards: ; go -C dashboards test ./...
e2e: tools  ; go -C e2e test -count=1 -timeout=15m ./...
rules: tools ; go -C e2e test -count=1 -timeout=60m -run=TestRuleMutants . -rules.mutants
tools: ; tools/install
model: ; go test -count=1 -timeout=60m -run='TestModel|TestMutants' ./internal/mirror -model.events=$(MODEL_EVENTS) -mutants -v
fuzz:  ; @set -e; for f in $$(grep -lr --include='*_test.go' '^func Fuzz' $$(go list -f '{{.Dir}}' ./...) | xargs -n1 dirname | sort -u); do for t in $$(go test -list '^Fuzz' $$f | grep '^Fuzz'); do echo "$$t"; go test -timeout=60m -run='^$$' -fuzz="^$$t$$" -fuzztime=$(FUZZTIME) "$$f"; done; done
bench: ; go test -run='^$$' -bench=. -timeout=60m ./internal/mirror -bench.pulls=$(BENCH_PULLS)
image: ; docker build --build-arg VERSION='$(VERSION)' --build-arg REVISION='$(REVISION)' -t msgraph_security_exporter .
demo:  ; go run . --demo
