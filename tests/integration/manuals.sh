#!/bin/bash
# manuals.sh: each manual page is set without a warning, and what is quoted in it comes out quoted once: groff's mdoc goes
# on with a quotation where another .Ql stands in the same line. The last line says `N passed, N failed`.
set -u

root=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
opening=$'\u2018' closing=$'\u2019'
nested="${opening}[^${closing}]*${opening}"
export LC_ALL=C.UTF-8

check() { # what a page is, and the file that must be empty
	if [ -s "$2" ]; then
		failed=$((failed + 1))
		echo "FAILED: $1:"
		head -5 "$2"
	else
		passed=$((passed + 1))
	fi
}

for page in "$root"/src/*/*.[1-9]; do
	# In one line each, so that a quotation's two ends are in the same.
	groff -ww -mdoc -Tutf8 -P-cbou -rLL=500n "$page" >"$tmp/text" 2>"$tmp/warnings"
	[ "$(wc -l <"$tmp/text")" -gt 20 ] || echo "a short page" >>"$tmp/warnings"
	check "${page#"$root/"} warns" "$tmp/warnings"
	grep -n "$nested" "$tmp/text" >"$tmp/nested"
	check "${page#"$root/"} nests quotes" "$tmp/nested"
done
echo "$passed passed, $failed failed"
[ "$passed" -gt 0 ] && [ "$failed" -eq 0 ]
