#!/usr/bin/env bash
# Runs the long property tests, which are called TestSoak...: in the packages
# whose tests read MSALCAE_SOAK, the number of schedules to try (default 100000).
# Seeds are new each time and printed. make test plays some of them under the race
# detector, which would make this take hours.
cd "$(dirname "$0")/.."
. scripts/lib.sh

export MSALCAE_SOAK="${MSALCAE_SOAK:-100000}"
found=
failed=
for module in $(modules); do
	cd "$module"
	for package in $(packages_with 'MSALCAE_SOAK'); do
		found=yes
		echo "== $package in $module, MSALCAE_SOAK=$MSALCAE_SOAK"
		go test -count=1 -timeout 2h -run TestSoak -v "$@" "$package" || failed="$failed $package"
	done
	cd "$OLDPWD"
done
[ -n "$found" ] || echo "there are no soak tests yet"
[ -z "$failed" ] || fail "FAILED:$failed"
