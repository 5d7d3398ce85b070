#!/bin/bash
# completion.sh: what bash offers for dpwatch, with the completion file that is installed. The last line says `N passed, N failed`.
set -u
cd "$(dirname "$0")/../.." || exit 1
PATH="$PWD/${BUILD:-build}:${BUILD:-build}:$PATH"
# shellcheck source=../../conf/completions/dpwatch
. conf/completions/dpwatch
passed=0 failed=0

# offers "WORDS SO FAR" CURRENT EXPECTED: after these words and the beginning of another, these are offered.
offers() {
	local words got
	read -ra words <<<"$1"
	# shellcheck disable=SC2034 # _dpwatch reads them
	COMP_WORDS=(dpwatch "${words[@]}" "$2") COMP_CWORD=$((${#words[@]} + 1)) COMPREPLY=()
	_dpwatch
	got=$(printf '%s\n' "${COMPREPLY[@]}" | sort -u | xargs)
	if [ "$got" = "$3" ]; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: dpwatch $1 $2<TAB> offers '$got' and not '$3'"
	fi
}

offers "" top topology
offers "" main maintenance
offers "topology" l load
offers "topology import" "" "ifnames neutron"
offers "-o json --api unix:/x port" e explain
offers "-o" "" "json table"
offers "port set vm1" --n --note
offers "port set vm1 --dp-down" "" "false true"
offers "token add ops --role" r reader
offers "topology load" conf/topo conf/topology.example.json

echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
