# What CI runs: .ci/run calls these targets.
.PHONY: build test race vet-systems lint dashboards e2e pictures rendered rules rule-mutants tools model mutants mirror-mutants fuzz bench demo \
        coverage reproducible vulnerabilities \
        rootfs image image-all base-images containers \
        chart chart-files schemas packages packages-test apiserver actions release image-push chart-package scale faults soak month
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
REVISION ?= $(shell git rev-parse HEAD 2>/dev/null || echo unknown)
OUT      ?= msgraph_security_exporter
MODEL_EVENTS ?= 500000
BENCH_PULLS ?= 1000
FUZZTIME ?= 10s
stamp := github.com/prometheus/common/version

build: ; CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags '-s -w -X $(stamp).Version=$(VERSION) -X $(stamp).Revision=$(REVISION)' -o '$(OUT)' .
test:  ; go test ./...
race:  ; go test -race -shuffle=on -timeout=30m ./...
# What the compiler says on the systems that no machine here runs.
vet-systems: ; for system in windows darwin; do GOOS=$$system go vet ./... || exit 1; done
lint: tools ; .tools/bin/golangci-lint run ./... && cd e2e && ../.tools/bin/golangci-lint run ./... && cd ../dashboards && ../.tools/bin/golangci-lint run ./... && cd ../tools/image && ../../.tools/bin/golangci-lint run ./... && cd ../mutate && ../../.tools/bin/golangci-lint run ./...
dashboards: ; go -C dashboards test ./...
e2e: tools  ; go -C e2e test -count=1 -timeout=30m .
# Pictures of the status page in all its states in .tools/pictures, to look at. README's is status-page.png: that of a demo which
# runs and was looked at for an hour is better, DEMO=http://localhost:10365/.
pictures: tools ; mkdir -p .tools/pictures && PICTURES="$$PWD/.tools/pictures" go -C e2e test -count=1 -timeout=30m -run=StatusPage . -picture.of='$(DEMO)'
rendered: ; tools/install tools/jsonnet && .tools/bin/jsonnet -S deploy/mixin/render.jsonnet >deploy/alerts/rules.yml
rules: tools ; go -C e2e test -count=1 -timeout=60m -run='TestPlots|TestKeys|TestRoutes' . -rules.all
rule-mutants: tools ; go -C e2e test -count=1 -timeout=600m -run='TestRuleMutants|TestRoutes' . -rules.mutants -v
tools: ; tools/install
model: ; go test -count=1 -timeout=60m -run=TestModel ./internal/mirror -model.events=$(MODEL_EVENTS) -v
# The test of the tests: a seeded sample of changes of the program, each of which a test has to notice.
# It can be ended, with MUTANTS=-for=9m after a time, and goes on where it was. MUTANTS='-n 0 -packages collector': all of a package's, asked of its own tests.
mutants: ; go run -C tools/mutate . -C ../.. $(MUTANTS)
mirror-mutants: ; go test -count=1 -timeout=90m -run=TestMutants ./internal/mirror -mutants -v
fuzz:  ; @set -e; for f in $$(grep -lr --include='*_test.go' '^func Fuzz' $$(go list -f '{{.Dir}}' ./...) | xargs -n1 dirname | sort -u); do for t in $$(go test -list '^Fuzz' $$f | grep '^Fuzz'); do echo "$$t"; go test -timeout=60m -run='^$$' -fuzz="^$$t$$" -fuzztime=$(FUZZTIME) "$$f"; done; done
bench: ; go test -run='Table$$' -bench=. -timeout=60m ./internal/mirror -bench.tables -bench.pulls=$(BENCH_PULLS)
demo:  ; go run . --demo
# Which statements the tests of all packages run, by package, and the functions that none of them does.
coverage:
	rm -rf .tools/coverage && mkdir -p .tools/coverage
	go test -short -timeout=30m -coverpkg="$$(go list ./... | grep -v -e /architecture -e /graphtest | paste -sd,)" ./... -args -test.gocoverdir="$$PWD/.tools/coverage" >.tools/coverage.log || { cat .tools/coverage.log; exit 1; }
	go tool covdata percent -i=.tools/coverage
	go tool covdata textfmt -i=.tools/coverage -o .tools/coverage.txt && go tool cover -func=.tools/coverage.txt | grep -E '\s0\.0%'
# Twice the same bytes, of each platform in PLATFORMS.
reproducible: ; tools/reproducible $(PLATFORMS)
# Needs the network: the database is asked.
vulnerabilities: ; tools/install tools/vulnerabilities && .tools/bin/govulncheck ./...

# Packaging. The image's only layer is what rootfs makes; image-all makes both platforms'
# without an engine, the same bytes for the same commit: an OCI layout that docker loads too.
SOURCE   ?=
CREATED  ?= $(shell TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ 2>/dev/null || echo 1970-01-01T00:00:00Z)
GO_IMAGE ?= $(shell sed -n 's/^ARG GO_IMAGE=//p' Dockerfile)
image := env -u GOOS -u GOARCH go run -C tools/image . -C ../..

rootfs: ; $(MAKE) build OUT='$(OUT)/msgraph_security_exporter' && $(image) rootfs '$(abspath $(OUT))'
image: ; DOCKER_BUILDKIT=0 docker build --network=host --build-arg GO_IMAGE='$(GO_IMAGE)' --build-arg VERSION='$(VERSION)' --build-arg REVISION='$(REVISION)' -t msgraph_security_exporter .
image-all:
	for arch in amd64 arm64; do GOOS=linux GOARCH=$$arch $(MAKE) rootfs OUT=dist/rootfs-$$arch || exit 1; done
	$(image) -version='$(VERSION)' -revision='$(REVISION)' -source='$(SOURCE)' -created='$(CREATED)' pack ../../dist/image.tar amd64=../../dist/rootfs-amd64 arm64=../../dist/rootfs-arm64
base-images: tools ; tools/base-images
containers: base-images ; go -C e2e test -count=1 -timeout=30m ./containers

# The Helm chart. chart-files makes those of its files that follow from others; run it after a
# change of values.yaml, the rules or the dashboards.
chart: tools schemas ; go -C e2e test -count=1 -timeout=30m ./chart
chart-files: ; go run -C tools/chart . ../.. ../../deploy/chart/msgraph-security-exporter
schemas: ; go run -C tools/cluster . ../../.tools/schemas

# Archives, deb and rpm, as a release has them, and their installation where systemd runs.
packages: ; tools/install tools/release tools/sbom && PATH="$$PWD/.tools/bin:$$PATH" goreleaser release --snapshot --clean --skip=sign
packages-test: ; go -C e2e test -count=1 -timeout=30m ./packages
# The chart on a real API server, which takes six minutes to build.
apiserver: tools ; tools/install tools/cluster && { [ ! -e .tools/bin/server ] || mv -f .tools/bin/server .tools/bin/etcd; } && go -C e2e test -count=1 -timeout=30m ./cluster

# What only the release workflow runs: it publishes.
release: ; tools/install tools/release tools/sbom && PATH="$$PWD/.tools/bin:$$PATH" goreleaser release --clean
image-push: ; skopeo copy --all --digestfile='$(DIGEST)' oci-archive:dist/image.tar 'docker://$(IMAGE):$(VERSION)'
chart-package: ; tools/install tools/chart && tools/chart/package '$(VERSION)' '$(IMAGE)' dist/chart
actions: tools ; .tools/bin/actionlint

# Two thousand tenants, three exporters, two Prometheus servers: a quarter of an hour.
scale: tools ; go -C e2e test -count=1 -timeout=60m -v ./scale

# Every fault at every moment on the built binary, and what it does to a neighbour; writes the table of docs/reliability.md.
FAULTS ?= -update
faults: ; go -C e2e test -count=1 -timeout=60m ./faults $(FAULTS)
# An hour of a hundred tenants with faults and reloads: memory, goroutines and descriptors stay what they are.
SOAK ?= 1h
soak: ; go -C e2e test -count=1 -timeout=180m -v ./soak -soak.for=$(SOAK)
# A simulated month of two quiet worlds.
month: ; go test -count=1 -timeout=120m -v -run=TestQuietWorld ./internal/mirror -model.quiet=720h
