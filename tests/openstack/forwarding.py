"""Toggles on their way from a trap to a real Neutron (noauth): what arrives, how fast, and what is so at the end of storms."""
import os

import real
from figures import figures
from lab import BUILD, Lab, SlowWay, account, all_are, show
from real import wait_for
from tally import attempt, tried

# Ports on interface i + 1: what fails together.
SIZES = [1, 10, 50, 200]

def toggles_are_seen(lab, neutron, env):
    port = lab.groups[0][0]
    lab.trap(1, True)
    wait_for("DOWN", all_are(neutron, [port], "DOWN"))
    tried("linkDown: openstack port show says DOWN", show(env, port) == "DOWN")
    lab.trap(1, False)
    wait_for("ACTIVE", all_are(neutron, [port], "ACTIVE"))
    tried("linkUp: openstack port show says ACTIVE", show(env, port) == "ACTIVE")


def storm(lab, neutron, env):
    """200 toggles of 10 and 50 ports, Neutron killed and started again on the way."""
    for i in range(100):
        lab.trap(2, i % 2 == 0)
        lab.trap(3, i % 2 == 1)
        if i == 30:
            neutron.server.kill()
        if i == 70:
            neutron.start(wait=False)
    neutron.wait()
    # At the end interface 2 is up and 3 is down.
    wait_for("interface 2 to be ACTIVE", all_are(neutron, lab.groups[1], "ACTIVE"), 180)
    wait_for("interface 3 to be DOWN", all_are(neutron, lab.groups[2], "DOWN"), 180)
    wait_for("everything acknowledged", lab.settled, 120)
    tried("Neutron killed and started again during 200 toggles: the last values are there",
        all_are(neutron, lab.groups[1], "ACTIVE")() and all_are(neutron, lab.groups[2], "DOWN")())


def two_instances(lab, neutron, env):
    """With a slow way between them and Neutron, so that they meet at the same ports."""
    way = SlowWay(neutron.port, 0.3)
    slow = dict(env, OS_ENDPOINT=way.url)
    lab.stop()
    lab.start(slow)
    second = real.Server([BUILD + "/dpwatch-neutron", "-c", lab.conf], lab.dir + "/second.log", slow)
    wait_for("two instances", lambda: len(lab.status()["instances"]) == 2)
    for i in range(40):
        lab.trap(2, i % 2 == 0)
        lab.trap(3, i % 2 == 0)
    lab.trap(2, True)
    wait_for("everything acknowledged", lab.settled, 180)
    both = [i["counters"]["events"] for i in lab.status()["instances"]]
    second.kill()
    way.close()
    tried("two instances on a slow way: the last values are there",
        all_are(neutron, lab.groups[1], "DOWN")() and all_are(neutron, lab.groups[2], "ACTIVE")())
    tried("and both have read some of the toggles", min(both) > 0, str(both))


def compared(lab, neutron, env):
    """Somebody else sets a port; the next start puts it right."""
    port = lab.groups[0][0]
    lab.stop()
    neutron.ask("PUT", "/v2.0/ports/" + port, {"port": {"data_plane_status": "DOWN"}})
    status, text = lab.neutron(env, "--once")
    tried("--once puts right what somebody else set", status == 0 and neutron.values()[port] == "ACTIVE", text)


def without_keystone(folder):
    neutron = real.Neutron(folder + "/neutron")
    env = account(OS_AUTH_TYPE="none", OS_ENDPOINT=neutron.url)
    lab = Lab(folder + "/lab", neutron.make_ports(sum(SIZES)), SIZES)
    try:
        status, text = lab.neutron(env, "--check")
        tried("--check: everything is there", status == 0 and "everything is there" in text, text)
        lab.start(env)
        attempt("toggles", lambda: toggles_are_seen(lab, neutron, env))
        attempt("figures", lambda: figures(lab, neutron))
        attempt("storm", lambda: storm(lab, neutron, env))
        attempt("two instances", lambda: two_instances(lab, neutron, env))
        attempt("compared", lambda: compared(lab, neutron, env))
    finally:
        lab.end()
        neutron.server.kill()


def without_extension(folder):
    neutron = real.Neutron(folder + "/bare", extension=False)
    env = account(OS_AUTH_TYPE="none", OS_ENDPOINT=neutron.url)
    lab = Lab(folder + "/bare-lab", neutron.make_ports(1))
    try:
        status, text = lab.neutron(env, "--check")
        tried("no extension: --check says which", status == 1 and "add data_plane_status to [ml2] extension_drivers" in text,
            text)
        lab.start(env, ready=False)
        wait_for("the word about the extension", lab.says("extension_drivers"))
        tried("no extension: status says which", True)
    finally:
        lab.end()
        neutron.server.kill()


def several_workers(folder):
    """A Neutron as it is run: a process for each processor, and a database that takes several writers."""
    mariadb = real.MariaDB(folder + "/mariadb")
    neutron = real.Neutron(folder + "/workers", workers=max(2, os.cpu_count()), mariadb=mariadb)
    env = account(OS_AUTH_TYPE="none", OS_ENDPOINT=neutron.url)
    lab = Lab(folder + "/workers-lab", neutron.make_ports(sum(SIZES)), SIZES)
    try:
        lab.start(env)
        attempt("figures", lambda: figures(lab, neutron))
        attempt("storm", lambda: storm(lab, neutron, env))
    finally:
        lab.end()
        neutron.server.kill()
        mariadb.server.kill()
