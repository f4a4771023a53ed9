# The verbs of the project, for people and for CI alike. `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Of a release the tag, else a version that sorts before the release to come.
VERSION ?= $(shell git describe --tags --match 'v[0-9]*' 2>/dev/null | sed 's/^v//' | grep . || echo "0.1.0~git$$(git log -1 --format=%cd.%h --date=format:%Y%m%d 2>/dev/null)")
# One set of flags for everything, so that the build cache serves it all.
export GOFLAGS := -trimpath -buildvcs=false -tags=migrated_fynedo
LDFLAGS := -s -w -X main.version=$(VERSION)
TOOLS := $(CURDIR)/.tools
# Where .ci/deps puts Go when the system's is too old.
export PATH := $(TOOLS)/go/bin:$(PATH)
GOLANGCI := v2.15.0
NFPM := v2.43.4

PURE := CGO_ENABLED=0 go build -ldflags '$(LDFLAGS)'
GUI := CGO_ENABLED=1 go build -ldflags '$(LDFLAGS)'

.PHONY: help
help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: deps
deps: ## list what is missing on this machine, and install it (Debian)
	@.ci/deps run test

.PHONY: run
run: ## build everything and open Heron on its demo account
	@.ci/deps run
	@$(MAKE) --no-print-directory build
	@bin/heron --demo || { rc=$$?; [ $$rc = 4 ] || exit $$rc; \
		echo "Here it is (Ctrl-C ends it):"; \
		bin/heronctl demo; }

.PHONY: build
build: ## build heron, heron-window and heronctl into bin/
	$(PURE) -o bin/heron ./cmd/heron
	$(PURE) -o bin/heronctl ./cmd/heronctl
	$(GUI) -o bin/heron-window ./cmd/heron-window

.PHONY: cross
cross: ## check that the programs without cgo build for each system
	GOOS=windows $(PURE) -o /dev/null ./cmd/heron
	GOOS=windows $(PURE) -o /dev/null ./cmd/heronctl
	GOOS=darwin $(PURE) -o /dev/null ./cmd/heronctl
	GOOS=windows go vet ./cmd/heron ./cmd/heronctl
	GOOS=darwin go vet ./cmd/heronctl

# SQLite is C that was translated to Go. Its memory is not watched for races: it is
# locked as in C, and that took four fifths of the time of what uses a store.
RACE = -race -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc=-race=false

.PHONY: test
test: ## run every test: packages with the race detector, then the real programs
	@.ci/deps run test
	@$(MAKE) --no-print-directory build
	CGO_ENABLED=1 go test $(RACE) -timeout 20m ./sync/... ./app/... ./assets/...
	go test -count=1 -timeout 15m ./cmd/...

.PHONY: test-long
test-long: ## play the long proofs, one after the other: many random histories on real servers
	@.ci/deps run test
	HERON_LONG=1 go test -p 1 -count=1 -timeout 60m ./sync/internal/converge ./sync/imapsync
	HERON_LONG=1 go test -count=1 -timeout 60m -run TestKilled ./cmd/heronctl

.PHONY: test-wine
test-wine: ## start the Windows programs under Wine
	@.ci/deps wine
	.ci/test-wine

.PHONY: fuzz
fuzz: ## fuzz each parser for 30 seconds
	@for p in $$(grep -rl --include='*_test.go' '^func Fuzz' sync app | xargs -n1 dirname | sort -u); do \
		for f in $$(grep -ho '^func Fuzz[A-Za-z0-9_]*' $$p/*_test.go | awk '{print $$2}'); do \
			go test -run '^$$' -fuzz "^$$f\$$" -fuzztime 30s ./$$p; \
		done; \
	done

.PHONY: lint
lint: $(TOOLS)/golangci-lint-$(GOLANGCI) ## check form and habits
	$(TOOLS)/golangci-lint-$(GOLANGCI) run ./...
	$(TOOLS)/golangci-lint-$(GOLANGCI) fmt --diff
	.ci/notice --check

$(TOOLS)/golangci-lint-$(GOLANGCI):
	@mkdir -p $(TOOLS)
	GOFLAGS= GOBIN=$(TOOLS) go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI)
	@mv $(TOOLS)/golangci-lint $@

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint-$(GOLANGCI) ## format the sources
	$(TOOLS)/golangci-lint-$(GOLANGCI) fmt

.PHONY: notice
notice: ## write the licences of the dependencies into assets/notice
	.ci/notice

.PHONY: bench
bench: ## measure, and print a table; ARGS="-only sync,told" measures parts
	@.ci/deps run test bench
	@$(MAKE) --no-print-directory build
	go run ./cmd/internal/bench -bin bin $(ARGS)

.PHONY: dist
dist: build ## make the .deb in dist/
	@mkdir -p dist
	VERSION='$(VERSION)' ARCH="$$(go env GOARCH)" GOFLAGS= go run github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM) package -f assets/packaging/nfpm.yaml -p deb -t dist/

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist
