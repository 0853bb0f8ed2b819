# Everything here needs Go alone, unless it says otherwise as it runs.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench fuzz soak mutants

help: ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /	/' | awk -F'\t' '{printf "make %-7s %s\n", $$1, $$2}'

demo: ## the story in a terminal; ARGS="-n 50 -seed 7 -json"
	@cd examples && go run ./demo $(ARGS)

test: ## every test of every module, with the race detector
	@bash scripts/test.sh

check: test ## test, and gofmt, vet, staticcheck, tidy modules, documentation
	@bash scripts/check.sh

bench: ## us and the peers, as a table of ratios; PARTS=names, PROFILE=folder, BENCH=pattern
	@bash scripts/bench.sh

fuzz: ## every fuzz target for FUZZTIME=30s each
	@bash scripts/fuzz.sh

soak: ## the long property tests; MSALCAE_SOAK=number of schedules
	@bash scripts/soak.sh

mutants: ## the engine broken on purpose, which its tests must notice; MUTANTS=pattern
	@bash scripts/mutants.sh
