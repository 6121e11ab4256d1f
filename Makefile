# What CI runs: .ci/run calls these targets.
.PHONY: build test race lint dashboards e2e rules tools model bench image demo
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
OUT      ?= msgraph_security_exporter
MODEL_EVENTS ?= 1000000
BENCH_PULLS ?= 1000
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
bench: ; go test -run='^$$' -bench=. -timeout=60m ./internal/mirror -bench.pulls=$(BENCH_PULLS)
image: ; docker build --build-arg VERSION='$(VERSION)' --build-arg REVISION='$(REVISION)' -t msgraph_security_exporter .
demo:  ; go run . --demo
