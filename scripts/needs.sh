#!/usr/bin/env bash
# needs.sh MODULE makes sure that the programs are there which the tests of the
# module need (scripts/needs.txt). It installs what is missing if it may, and
# otherwise prints what to install and ends with status 1.
. "$(dirname "$0")/lib.sh"

table="$(dirname "$0")/needs.txt"
missing=
while read -r module command package; do
	[ "$module" = "${1#./}" ] || continue
	command -v "$command" >/dev/null 2>&1 && continue
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package"; } >/dev/null 2>&1 </dev/null || true
		command -v "$command" >/dev/null 2>&1 && continue
	fi
	missing="$missing $command (Debian and Ubuntu: apt-get install $package)"
done <"$table"

[ -z "$missing" ] || fail "needs$missing"

# The npm packages of the module's JavaScript programs, as their lock file has
# them. engine-strict in .npmrc refuses a Node that is too old for them. Without
# a network npm would try for more than a minute: it tries twice, in short order.
said=$(mktemp)
trap 'rm -f "$said"' EXIT
find "$1" -mindepth 1 \( -name node_modules -o -exec test -e '{}/go.mod' \; \) -prune -o -name package-lock.json -print | while read -r lock; do
	folder=$(dirname "$lock")
	[ "$folder/node_modules/.package-lock.json" -nt "$lock" ] && continue
	(cd "$folder" && npm ci --loglevel=error --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=1000) >"$said" 2>&1 </dev/null ||
		fail "needs npm packages ($folder: npm ci), which could not be installed: $(grep -m1 'Not compatible' "$said" || grep -m1 ' code ' "$said" || true)"
done
