#!/usr/bin/env bash
# Measures this project beside its peers and prints one Markdown table of
# ratios (internal/bench). PARTS names parts of it, separated by commas; PROFILE
# a folder for the CPU, mutex and block profiles of warm requests instead; BENCH
# a pattern of Go benchmarks to run instead, in every module, COUNT times each.
# Other arguments are passed to the program, or to go test.
[ -z "${PROFILE:-}" ] || PROFILE=$(mkdir -p "$PROFILE" && cd "$PROFILE" && pwd)
cd "$(dirname "$0")/.."
. scripts/lib.sh

if [ -z "${BENCH:-}" ]; then
	cd internal/bench
	if [ -n "${PROFILE:-}" ]; then
		go build -o "$PROFILE/bench" .
		"$PROFILE/bench" -profile "$PROFILE"
		for kind in cpu mutex block; do
			title "$kind" "$kind"
			go tool pprof -top -nodecount 20 "$PROFILE/bench" "$PROFILE/$kind.pprof"
		done
		exit
	fi
	go run . -part "${PARTS:-}" "$@"
	exit
fi

for module in $(modules); do
	cd "$module"
	for package in $(packages_with '^func Benchmark'); do
		go test -run '^$' -bench "$BENCH" -benchmem -count "${COUNT:-1}" "$@" "$package"
	done
	cd "$OLDPWD"
done
