#!/usr/bin/env bash
# bench_topology.sh: scripts/bench-topology works, on a small map: every row of its table has a figure, its failures hit as
# many ports as the network says, and nothing is left running. What the figures are is not judged here.
set -u
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

check() { # WHAT COMMAND...
	local what=$1

	shift
	if "$@"; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $what"
		tail -n 40 "$tmp/out" "$tmp/err"
	fi
}

row() { # TEXT FIGURE: the row has exactly this figure
	grep -F "$1" "$tmp/out" | head -n 1 | grep -q "| *$2 |"
}

no_empty_row() { ! tail -n +3 "$tmp/out" | cut -d'|' -f2 | grep -qE '^ *-? *$'; }
nothing_left() {
	local file

	[ -z "$(ls "$tmp"/dpwatch-bench.* 2>/dev/null)" ] || return 1
	for file in /proc/[0-9]*/cmdline; do
		[[ $(tr '\0' ' ' 2>/dev/null <"$file") != *"$tmp"* ]] || return 1
	done
}
enough_rows() { [ "$(wc -l <"$tmp/out")" -ge "$1" ]; }

TMPDIR=$tmp scripts/bench-topology --sizes 1000 --repeat 1 >"$tmp/out" 2>"$tmp/err"
check "it succeeds" [ $? -eq 0 ]
check "the table is whole" enough_rows 28
check "every row has a figure" no_empty_row
check "a leaf has 500 ports behind it" row '  ports behind it' 500
check "nothing is left" nothing_left

TMPDIR=$tmp scripts/bench-topology --growth --leaves 1,3 --sizes 10,100 >"$tmp/out" 2>"$tmp/err"
check "growth succeeds" [ $? -eq 0 ]
check "its table is whole" enough_rows 6
check "every row of it has a figure" no_empty_row
check "nothing is left of it" nothing_left
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
