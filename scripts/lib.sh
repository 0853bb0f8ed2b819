# What the scripts share. Sourced; plain enough for the bash 3.2 of macOS.

set -euo pipefail

# modules prints the folder of every Go module of the repository, the root
# first. A nested module is one with a go.mod of its own; testdata and hidden
# folders are no part of the repository's code.
modules() {
	find . \( -name testdata -o -name vendor -o -name '.?*' \) -prune -o -name go.mod -print |
		sed 's|/go\.mod$||' | LC_ALL=C sort
}

# packages_with PATTERN prints the folders below the current one, nested
# modules left out, whose test files have a line that matches PATTERN.
packages_with() {
	local nested
	nested=$(find . -mindepth 2 -name go.mod -exec dirname {} \; | sed 's|$|/|')
	{ grep -rlE --include='*_test.go' --exclude-dir=testdata --exclude-dir='.?*' "$1" . || true; } |
		{ if [ -n "$nested" ]; then grep -vF "$nested" || true; else cat; fi; } |
		sed 's|/[^/]*$||' | LC_ALL=C sort -u
}

# title prints a heading for one module's part of the output.
title() { printf '\n== %s (%s)\n' "$1" "$(go list -m 2>/dev/null || echo "$2")"; }

# fail ends the script with a message.
fail() {
	printf '%s\n' "$*" >&2
	exit 1
}

command -v go >/dev/null || fail "go is not on the PATH; install Go 1.25 or later from https://go.dev/dl/"
