#!/usr/bin/env bash
# Breaks the engine of tokensource in one place at a time, in a copy, and expects
# a test to fail each time. MUTANTS=pattern tries those whose names match.
cd "$(dirname "$0")/.."
. scripts/lib.sh

engine=tokensource/internal/engine
go run ./internal/mutants -run "${MUTANTS:-}" "$engine" "$engine/testdata/mutants.txt"
