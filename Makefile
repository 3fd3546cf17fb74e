# A line "target: ## text" is a line of `make help`.

LINT := GOWORK=off go tool -modfile=tools/go.mod golangci-lint

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "%-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: build
build: ## compile every package, tests included
	go build ./...
	go test -run '^$$' ./... > /dev/null

.PHONY: test
test: ## run all tests as CI does: race detector, shuffled, with PostgreSQL
	./test

.PHONY: lint
lint: ## run the linters (the first time compiles them, some minutes)
	$(LINT) run ./...

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

.PHONY: examples
examples: ## build and test the example programs
	go test -count=1 ./examples/...

.PHONY: check
check: ## everything CI checks, in CI's order
	.ci/run
