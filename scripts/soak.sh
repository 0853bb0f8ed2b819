#!/usr/bin/env bash
# Runs the long property tests under the race detector: the packages whose tests
# read MSALCAE_SOAK, the number of schedules to try (default 2000).
cd "$(dirname "$0")/.."
. scripts/lib.sh

export MSALCAE_SOAK="${MSALCAE_SOAK:-2000}"
found=
failed=
for module in $(modules); do
	cd "$module"
	for package in $(packages_with 'MSALCAE_SOAK'); do
		found=yes
		echo "== $package in $module, MSALCAE_SOAK=$MSALCAE_SOAK"
		go test -race -count=1 -timeout 2h "$@" "$package" || failed="$failed $package"
	done
	cd "$OLDPWD"
done
[ -n "$found" ] || echo "there are no soak tests yet"
[ -z "$failed" ] || fail "FAILED:$failed"
