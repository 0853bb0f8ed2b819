#!/usr/bin/env bash
# Fuzzes every fuzz target of every module for FUZZTIME each (default 30s). A
# crasher stays in the package's testdata/fuzz, where go test runs it for ever.
cd "$(dirname "$0")/.."
. scripts/lib.sh

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# out_of_time reports that go test failed for nothing but the end of FUZZTIME:
# before Go 1.27 a worker that is still busy then counts as a failure
# (https://go.dev/issue/75804). A finding always comes with its input.
out_of_time() {
	grep -A1 '^--- FAIL: Fuzz' "$log" | grep -qx '    context deadline exceeded' &&
		! grep -qE 'Failing input|panic:|_test\.go:' "$log"
}

found=
failed=
for module in $(modules); do
	cd "$module"
	for package in $(packages_with '^func Fuzz'); do
		for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz'); do
			found=yes
			echo "== $target in $package for ${FUZZTIME:-30s}"
			go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" "$package" 2>&1 | tee "$log" && continue
			if out_of_time; then
				echo "no finding: Go ended $target badly at the end of its time (https://go.dev/issue/75804)"
			else
				failed="$failed $target"
			fi
		done
	done
	cd "$OLDPWD"
done
[ -n "$found" ] || echo "there are no fuzz targets yet"
[ -z "$failed" ] || fail "FAILED:$failed"
