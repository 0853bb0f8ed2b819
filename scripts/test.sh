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

failed=
for module in $(modules); do
	title "$module" "$module"
	if ! why=$(bash scripts/needs.sh "$module" 2>&1); then
		echo "left out: $why"
		leave_out "module $module: $why"
		continue
	fi
	(cd "$module" && go test $race -timeout 5m "$@" ./...) || failed="$failed $module"
done

leave_out "fuzzing beyond the seeds (make fuzz), long property tests (make soak), benchmarks (make bench)"
printf '\nLeft out:\n%s' "$left_out"
[ -z "$failed" ] || fail "FAILED in:$failed"
