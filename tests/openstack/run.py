"""dpwatch-neutron against a real Neutron and a real Keystone, and openstack's client against our own API: make test-openstack.
Run by scripts/test-openstack.

Prints a line for each thing that was tried, tables of figures, and "N passed, N failed, N SKIPPED".
"""
import importlib.util
import os
import shutil
import sys
import tempfile
import time

import accounts
import forwarding
import imports
import own_api
import side_by_side as two_sides
import tally

# No part takes a fifth of this on a quiet machine.
PART_SECONDS = 600


def own(folder):
    own_api.own_api(folder, tally.tried, tally.attempt)


def side_by_side(folder):
    two_sides.side_by_side(folder, tally.tried)


def has(module):
    return importlib.util.find_spec(module) is not None


def without(*modules):
    """What of these is not there, as packages; empty: all are."""
    return lambda: ", ".join("python3-" + m for m in modules if not has(m))


def without_database():
    return without("neutron", "pymysql")() or ("" if os.access("/usr/sbin/mariadbd", os.X_OK) else "mariadb-server-core")


PARTS = {
    "own": (own, without("openstackclient")),
    "side_by_side": (side_by_side, without("neutron")),
    "without_keystone": (forwarding.without_keystone, without("neutron", "openstackclient")),
    "without_extension": (forwarding.without_extension, without("neutron")),
    "several_workers": (forwarding.several_workers, without_database),
    "import_topology": (imports.import_topology, without("neutron")),
    "with_keystone": (accounts.with_keystone, without("neutron", "keystone")),
}


def run_part(name, folder):
    function, missing = PARTS[name]
    started = time.monotonic()
    print("---- " + name.replace("_", " "), flush=True)
    if missing():
        tally.skip(name.replace("_", " "), "these packages cannot be had: " + missing())
        return
    tally.bounded(name, lambda: function(folder), PART_SECONDS)
    print("     (%.0f s)" % (time.monotonic() - started), flush=True)


def main():
    unknown = [name for name in sys.argv[1:] if name not in PARTS]
    if unknown:
        sys.exit("no such part: %s; there are: %s" % (" ".join(unknown), " ".join(PARTS)))
    folder = tempfile.mkdtemp(prefix="dpo.", dir=os.environ.get("TMPDIR", "/tmp"))
    try:
        for name in sys.argv[1:] or PARTS:
            run_part(name, folder)
    finally:
        if tally.failed and os.environ.get("KEEP"):
            print("kept: " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print("%d passed, %d failed, %d SKIPPED" % (tally.passed, tally.failed, tally.skipped))
    sys.exit(1 if tally.failed else 0)


main()
