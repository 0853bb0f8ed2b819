#!/usr/bin/env bash
# needs.sh MODULE makes sure that the programs are there which the tests of the
# module need (scripts/needs.txt). It installs what is missing if it may, and
# otherwise prints what to install and ends with status 1.
. "$(dirname "$0")/lib.sh"

table="$(dirname "$0")/needs.txt"
missing=
while read -r module command package; do
	case "$module" in "$1") ;; *) continue ;; esac
	command -v "$command" >/dev/null 2>&1 && continue
	if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
		{ apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package"; } >/dev/null 2>&1 </dev/null || true
		command -v "$command" >/dev/null 2>&1 && continue
	fi
	missing="$missing $command (Debian and Ubuntu: apt-get install $package)"
done <"$table"

[ -z "$missing" ] || fail "needs$missing"
