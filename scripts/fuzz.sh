#!/usr/bin/env bash
# Fuzzes every fuzz target of every module for FUZZTIME each (default 30s). A
# crasher stays in the package's testdata/fuzz, where go test runs it for ever.
cd "$(dirname "$0")/.."
. scripts/lib.sh

found=
failed=
for module in $(modules); do
	cd "$module"
	for package in $(packages_with '^func Fuzz'); do
		for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz'); do
			found=yes
			echo "== $target in $package for ${FUZZTIME:-30s}"
			go test -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}" "$package" || failed="$failed $target"
		done
	done
	cd "$OLDPWD"
done
[ -n "$found" ] || echo "there are no fuzz targets yet"
[ -z "$failed" ] || fail "FAILED:$failed"
