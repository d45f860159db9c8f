# Foretop. `make help` lists the targets.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
export CGO_ENABLED := 0
GO ?= go
TOOL := $(GO) tool -modfile=go.tool.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X main.version=$(VERSION)
UI_SOURCES := $(shell find ui/src ui/public -type f 2>/dev/null) ui/package-lock.json ui/vite.config.ts ui/index.html
GO_SOURCES := $(wildcard $(shell git ls-files -co --exclude-standard "*.go" "schemas/*" 2>/dev/null))

.DEFAULT_GOAL := help
.PHONY: help demo demo-up demo-down demo-break demo-heal demo-clean run build engine fleet browser clients test test-unit test-ui test-e2e screenshots bench bench-fleet check lint fmt generate clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  \033[1m%-12s\033[0m %s\n", $$1, $$2}'

demo: build engine fleet ## Three real clusters and the hub, in the foreground; Ctrl-C stops everything
	@cd test/fleet && exec $(GO) run ./cmd/demo up --dir $(CURDIR)/.demo --foretop $(CURDIR)/bin/foretop --foreground

demo-up: build engine fleet ## The same in the background; returns when the hub answers
	@cd test/fleet && $(GO) run ./cmd/demo up --dir $(CURDIR)/.demo --foretop $(CURDIR)/bin/foretop

demo-down: ## Stop what demo-up started
	@cd test/fleet && $(GO) run ./cmd/demo down --dir $(CURDIR)/.demo

demo-break: ## Break app2 in zone1 by a bad image
	@cd test/fleet && $(GO) run ./cmd/demo break --dir $(CURDIR)/.demo

demo-heal: ## Heal it
	@cd test/fleet && $(GO) run ./cmd/demo heal --dir $(CURDIR)/.demo

demo-clean: demo-down ## Stop the demo and remove its state
	@rm -rf .demo

run: build engine ## Hub for the clusters in your kubeconfig
	@exec bin/foretop up

build: bin/foretop ## The program with the page in it, to bin/foretop

bin/foretop: $(GO_SOURCES) go.mod go.sum ui/dist/index.html
	@echo "building bin/foretop (a cold build takes about 4 min on 2 cores)"
	@$(GO) build -tags ui -ldflags '$(LDFLAGS)' -o $@ ./cmd/foretop
	@ln -sf foretop bin/kubectl-foretop

ui/node_modules/.package-lock.json: ui/package-lock.json
	@echo "installing the page's packages"
	@cd ui && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

ui/dist/index.html: ui/node_modules/.package-lock.json $(UI_SOURCES)
	@echo "building the page"
	@cd ui && npm run --silent build

engine: ## Fetch and verify the embedded ClickHouse library, once per user
	@$(GO) run ./internal/engine/fetch

fleet: ## Build the demo fleet's programs, once per user
	@cd test/fleet && $(GO) run ./cmd/fleet build

browser: ## Install what the browser tests need
	@test/browser.sh

clients: ## Fetch or build the clients that tests compare: kubectl 1.20, k9s; once per user
	@test/clients.sh

test: build engine fleet browser clients ## Everything that gates a change
	@$(GO) run ./test/run

test-unit: engine ## Go tests of the product alone
	@$(GO) run ./test/run -only unit

test-ui: ui/node_modules/.package-lock.json ## Unit tests of the page
	@$(GO) run ./test/run -only page

test-e2e: build engine fleet browser clients ## The program on real clusters, by CLI and in a browser
	@$(GO) run ./test/run -only e2e

screenshots: build engine fleet browser ## The pictures of the documentation, taken by the browser tests
	@cd test/e2e && FORETOP_E2E_IMAGES=$(CURDIR)/docs/images $(GO) test -count=1 -run 'TestThePageInABrowser|TestActingOnThePageInABrowser' .

bench: bench-fleet build fleet ## All benchmarks; figures to bench/results, tables to stdout and docs/benchmarks.md
	@$(GO) run ./test/bench --what freshness --out bench/results
	@$(GO) run ./test/bench --what go --out bench/results

bench-fleet: engine ## A large fleet: 1,000,000 mixed objects, and the Pods of PODS=FILE; BENCH= takes more flags
	@if [ -n "$(PODS)" ]; then $(GO) run ./test/bench --pods $(PODS) --updates 1 --out bench/results --docs docs/benchmarks.md $(BENCH); fi
	@$(GO) run ./test/bench --out bench/results --docs docs/benchmarks.md $(BENCH)

check: lint ui/node_modules/.package-lock.json ## Generated code is current, lint, format, import table
	@cd ui && npm run --silent check
	@test/generated.sh
	@$(GO) test ./internal/arch

lint: ## Vet, staticcheck and format of all Go code
	@$(GO) vet ./... && cd test/fleet && $(GO) vet ./... && cd ../e2e && $(GO) vet ./...
	@$(TOOL) staticcheck ./...
	@test -z "$$(gofmt -l $$(git ls-files '*.go') | tee /dev/stderr)" || { echo 'run make fmt'; exit 1; }

fmt: ## Format Go and TypeScript
	@gofmt -w $$(git ls-files '*.go')
	@cd ui && npx --no-install prettier --write --log-level=warn .

generate: ui/node_modules/.package-lock.json ## Protobuf code, TypeScript types
	@$(TOOL) buf generate
	@cd ui && npm run --silent generate

clean: ## Remove what was built here (caches of the user stay)
	@rm -rf bin ui/dist ui/node_modules test-results
