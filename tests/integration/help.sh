#!/bin/bash
# help.sh: what the programs print of their use fits a terminal of 80 columns. The last line says `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=${BUILD:-build}
passed=0 failed=0

fits() { # PROGRAM WORD...
	local text wide
	text=$("$build/$1" "${@:2}" --help) || text=''
	wide=$(awk 'length > 80' <<<"$text")
	if [ "$(wc -l <<<"$text")" -gt 4 ] && [ -z "$wide" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $* --help:" "${wide:-prints nothing}"
	fi
}

fits dpwatchd
fits dpwatch-neutron
fits dpwatch
# Its commands: what the list of them begins with, up to the first argument.
commands=$("$build/dpwatch" --help | sed -nE '/^Commands:/,/^Options:/s/^  ([a-z]+( [a-z]+)*).*/\1/p' | sort -u)
while read -r command; do
	read -ra words <<<"$command"
	fits dpwatch "${words[@]}"
done <<<"$commands"
echo "$passed passed, $failed failed"
[ "$passed" -gt 20 ] && [ "$failed" -eq 0 ]
