#!/usr/bin/env bash
# Runs the benchmarks of every module. BENCH is a pattern of names, COUNT how
# often each is run; other arguments are passed to go test.
cd "$(dirname "$0")/.."
. scripts/lib.sh

found=
for module in $(modules); do
	cd "$module"
	for package in $(packages_with '^func Benchmark'); do
		found=yes
		go test -run '^$' -bench "${BENCH:-.}" -benchmem -count "${COUNT:-1}" "$@" "$package"
	done
	cd "$OLDPWD"
done
[ -n "$found" ] || echo "there are no benchmarks yet"
