#!/bin/bash
# install.sh: what `make install` puts into a folder runs from there, also over an older version; an operator's files are
# left alone; and `make uninstall` leaves nothing else. The last line says `N passed, N failed`.
set -u

cd "$(dirname "$0")/../.." || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
passed=0 failed=0
rules=$tmp/usr/share/dpwatch/rules etc=$tmp/etc/dpwatch

check() { # what must be so, and a command
	if "${@:2}" >"$tmp.log" 2>&1; then
		passed=$((passed + 1))
	else
		failed=$((failed + 1))
		echo "FAILED: $1:"
		tail -5 "$tmp.log"
	fi
	rm -f "$tmp.log"
}

# BUILD's programs, as they are: their own prefix is no matter here.
make_() { make -s -o all "$@" DESTDIR="$tmp" PREFIX=/usr SYSCONFDIR=/etc BUILD="${BUILD:-build}"; }

check "it installs" make_ install
check "the programs run" "$tmp/usr/bin/dpwatch" --version
check "its rules are good" "$tmp/usr/bin/dpwatch" rules test --rules "$rules"
check "its configuration is good" "$tmp/usr/sbin/dpwatchd" -t -c "$etc/dpwatch.conf"

# /usr/local is what stands in the sources.
check "its configuration names where the rules are" grep -q '^#rules_dir = /usr/share/dpwatch/rules, /etc/dpwatch/rules.d$' "$etc/dpwatch.conf"
check "... and so does its manual" grep -q '/usr/share/dpwatch/rules' "$tmp/usr/share/man/man5/dpwatch.conf.5"
check "nothing names another prefix" test -z "$(grep -rl /usr/local "$etc" "$tmp/usr/share/man" "$tmp/usr/lib")"

# An older version had the same rules in a file of another name; the operator has edited the configuration.
cp "$rules/cisco-ios.rules" "$rules/cisco.rules"
echo '# mine' >"$etc/dpwatch.conf"
cp "$rules/cisco-ios.rules" "$etc/rules.d/mine.rules"
check "it installs over another" make_ install
check "rules of the other are gone" "$tmp/usr/bin/dpwatch" rules test --rules "$rules"
check "the configuration stays" grep -qx '# mine' "$etc/dpwatch.conf"
check "the operator's rules stay" test -s "$etc/rules.d/mine.rules"

check "it uninstalls" make_ uninstall
left=$(find "$tmp" -type f | sort)
check "nothing but the operator's is left: $left" test "$left" = "$etc/dpwatch.conf
$etc/rules.d/mine.rules"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
