#!/usr/bin/env bash
# Everything that is checked without running the program: formatting, vet,
# staticcheck, tidy modules, documentation. Goes on after a failure, so that one
# run shows all.
cd "$(dirname "$0")/.."
. scripts/lib.sh

staticcheck=honnef.co/go/tools/cmd/staticcheck@v0.8.2

failed=
check() { # check NAME COMMAND...: runs it in the current folder
	local name=$1
	shift
	if "$@"; then
		echo "ok    $name"
	else
		echo "FAIL  $name"
		failed="$failed, $name in $module"
	fi
}

formatted() {
	local files
	files=$(gofmt -l .)
	[ -z "$files" ] || { printf 'not formatted, run gofmt -w on:\n%s\n' "$files"; return 1; }
}

documented() { go test -count=1 -run '^TestHouse' . >/dev/null || go test -count=1 -run '^TestHouse' .; }

# Without cgo, as most programs are released, for every system that is promised.
builds_for() { CGO_ENABLED=0 GOOS=$1 go vet ./...; } # which compiles all of it first

for module in $(modules); do
	title "$module" "$module"
	cd "$module"
	check vet go vet ./...
	check staticcheck go run "$staticcheck" -checks inherit,-ST1005 ./... # Entra is a name
	check "go mod tidy" go mod tidy -diff
	case "$module" in . | ./cache/local)
		for system in linux darwin windows freebsd; do
			check "vet for $system without cgo" builds_for "$system"
		done
		;;
	esac
	if [ "$module" = . ]; then
		check gofmt formatted
		check "house rules (imports, go.mod, documentation)" documented
	fi
	cd "$OLDPWD"
done

[ -z "$failed" ] || fail "FAILED: ${failed#, }"
