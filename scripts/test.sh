#!/usr/bin/env bash
# Runs every test of every module under the race detector, and says at the end
# what it left out. Arguments are passed to go test.
cd "$(dirname "$0")/.."
. scripts/lib.sh

left_out=
leave_out() { left_out="$left_out  - $1"$'\n'; }

race=-race
if ! go list -race runtime/race >/dev/null 2>&1; then
	race=
	leave_out "the race detector: it needs a C compiler here (Debian and Ubuntu: apt-get install gcc libc6-dev)"
fi

tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
export GOTEST_SKIPPED="$tools/skipped"
go build -o "$tools/gotest$(go env GOEXE)" ./internal/gotest # go test that tells what was skipped

failed=
for module in $(modules); do
	title "$module" "$module"
	if ! why=$(bash scripts/needs.sh "$module" 2>&1); then
		echo "left out: $why"
		leave_out "module $module: $why"
		continue
	fi
	(cd "$module" && "$tools/gotest" $race -timeout 5m "$@" ./...) || failed="$failed $module"
done

if [ -f "$GOTEST_SKIPPED" ]; then
	while read -r test; do leave_out "$test"; done <"$GOTEST_SKIPPED"
fi
leave_out "fuzzing beyond the seeds (make fuzz), long property tests (make soak), benchmarks (make bench)"
printf '\nLeft out:\n%s' "$left_out"
[ -z "$failed" ] || fail "FAILED in:$failed"
