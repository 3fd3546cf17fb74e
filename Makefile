# A line "target: ## text" is a line of `make help`.

LINT := GOWORK=off go tool -modfile=$(CURDIR)/tools/go.mod golangci-lint

# The folders of all Go modules but tools, which has no packages.
MODULES := $(shell find . -name go.mod -not -path '*/testdata/*' -not -path './tools/*' -exec dirname {} \; | sort)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## compile every package, tests included
	set -e; for module in $(MODULES); do \
		(cd $$module && GOWORK=off go build -o /dev/null ./... && GOWORK=off go test -run '^$$' ./... > /dev/null); done

.PHONY: test
test: ## run all tests as CI does: race detector, shuffled, with PostgreSQL
	./test

.PHONY: lint
lint: ## run the linters (the first time compiles them, some minutes)
	set -e; for module in $(MODULES); do (cd $$module && $(LINT) run ./...); done

.PHONY: fmt
fmt: ## format the code (gofumpt, goimports)
	$(LINT) fmt ./...

.PHONY: bench
bench: ## run the benchmarks, those against other containers too
	go test -run '^$$' -bench . -benchmem ./...
	cd bench && GOWORK=off go test -run '^$$' -bench . -benchmem .

.PHONY: table
table: ## measure the tables of child containers in docs/performance.md (some minutes, on a quiet machine)
	cd bench && GOWORK=off go run ./table

.PHONY: golden
golden: ## write the golden files anew; look at the diff before committing
	UPDATE_GOLDEN=1 go test ./...
	cd iomanagers/arrowcodec && GOWORK=off UPDATE_GOLDEN=1 go test -run Formats .

.PHONY: examples
examples: ## build and test the example programs
	go test -count=1 ./examples/...

.PHONY: check
check: ## everything CI checks, in CI's order
	.ci/run
