"""dpwatch-neutron against a real Neutron and a real Keystone, and openstack's client against our own API: make test-openstack.
Run by scripts/test-openstack.

Prints a line for each thing that was tried, a table of figures, and "N passed, N failed".
"""
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import traceback

import own_api
import real
import side_by_side as two_sides
from real import wait_for

BUILD = os.environ.get("BUILD", "build")
LEAF = "127.1.0.1"
PARALLEL = os.environ.get("PARALLEL", "16")
# Ports on interface i + 1: what fails together.
SIZES = [1, 10, 50, 200]
N_PORTS = sum(SIZES)


class Lab:
    """A daemon with its Redis, a map of N ports, and dpwatch-neutron with some account."""

    def __init__(self, folder, ids, sizes=None, projects=None):
        self.dir, self.conf, self.sizes = folder, folder + "/dpwatch.conf", sizes or [len(ids)]
        os.makedirs(folder)
        self.snmp = real.free_port()
        with open(self.conf, "w") as f:
            f.write("[daemon]\nstate_dir = {0}\n[snmp]\nlisten = udp:127.0.0.1:{1}\ncommunity = public\n"
                "receive_buffer = 256KiB\n[syslog]\nlisten = udp:127.0.0.1:{2}\nrules_dir = conf/rules\n[redis]\n"
                "server = embedded\n[api]\nlisten = unix:{0}/api.sock\n[neutron]\nmax_down = 100%\n"
                "reconcile_every = off\nparallel = {3}\n".format(folder, self.snmp, self.snmp + 1, PARALLEL))
        self.ids, self.groups, first = ids, [], 0
        for size in self.sizes:
            self.groups.append(ids[first:first + size])
            first += size
        self.daemon = real.Server([BUILD + "/dpwatchd", "-c", self.conf], folder + "/dpwatchd.log")
        self.forwarder = None
        wait_for("dpwatchd", lambda: self.cli("status")[0] == 0)
        self.load(projects)

    def load(self, projects):
        ports = []
        for number, group in enumerate(self.groups):
            for port in group:
                ports.append({"id": port, "attachments": ["leaf1:Ethernet1/%d" % (number + 1)]})
                if projects:
                    ports[-1]["project_id"] = projects[port]
        document = {"switches": [{"name": "leaf1", "addresses": [LEAF], "interfaces":
            [{"name": "Ethernet1/%d" % (i + 1), "if_index": i + 1} for i in range(len(self.groups))]}], "ports": ports}
        with open(self.dir + "/map.json", "w") as f:
            json.dump(document, f)
        # Its Redis may not be there yet.
        wait_for("the map in force", lambda: self.cli("topology", "load", "--force", self.dir + "/map.json")[0] == 0)

    def cli(self, *args):
        done = subprocess.run([BUILD + "/dpwatch", "--api", "unix:%s/api.sock" % self.dir, *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def neutron(self, env, *args):
        done = subprocess.run([BUILD + "/dpwatch-neutron", "-c", self.conf, *args], env=env, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def start(self, env, ready=True):
        log = self.dir + "/neutron.log"
        before = self.log().count("compared with Neutron")
        self.forwarder = real.Server([BUILD + "/dpwatch-neutron", "-c", self.conf], log, env)
        if ready:
            wait_for("dpwatch-neutron to compare", lambda: self.log().count("compared with Neutron") > before)

    def stop(self):
        self.forwarder.process.send_signal(signal.SIGTERM)
        assert self.forwarder.process.wait(timeout=30) == 0
        self.forwarder = None

    def log(self):
        try:
            with open(self.dir + "/neutron.log", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def status(self):
        _, text = self.neutron(dict(os.environ), "status", "-o", "json")
        return json.loads(text)

    def says(self, what):
        return lambda: any(what in (i["problem"] or "") for i in self.status()["instances"])

    def settled(self):
        status = self.status()
        return status["entries_behind"] == 0 and status["entries_pending"] == 0

    def trap(self, interface, down):
        oid = ".1.3.6.1.6.3.1.1.5.%d" % (3 if down else 4)
        subprocess.run(["snmptrap", "-v2c", "-c", "public", "--clientaddr=" + LEAF, "127.0.0.1:%d" % self.snmp, "", oid,
            ".1.3.6.1.2.1.2.2.1.1.%d" % interface, "i", str(interface)] +
            ([] if down else [".1.3.6.1.2.1.2.2.1.8.%d" % interface, "i", "1"]),
            check=True, env=dict(os.environ, MIBS=""))

    def end(self):
        if self.forwarder:
            self.forwarder.kill()
        self.daemon.process.send_signal(signal.SIGTERM)
        self.daemon.process.wait(timeout=60)


def account(**variables):
    env = {k: v for k, v in os.environ.items() if not k.startswith("OS_") and k.lower() not in ("http_proxy", "https_proxy")}
    env.update(variables)
    return env


def openstack(env, *args):
    return subprocess.run([real.PYTHON, "/usr/bin/openstack", *args], env=env, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, check=True).stdout.strip()


def show(env, port):
    return openstack(env, "port", "show", "-c", "data_plane_status", "-f", "value", port)


passed, failed = 0, 0


def tried(what, condition, more=""):
    global passed, failed
    passed, failed = passed + bool(condition), failed + (not condition)
    print("%s %s%s" % ("ok    " if condition else "FAILED", what, ": " + more if more and not condition else ""), flush=True)


def attempt(what, function):
    """What raises has failed; the rest goes on."""
    try:
        function()
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        tried(what, False, "%s: %s (%s:%d)" % (type(error).__name__, error, os.path.basename(where.filename), where.lineno))


def all_are(neutron, group, value):
    def look():
        values = neutron.values()
        return all(values.get(port) == value for port in group)
    return look


# ---- without Keystone ----

def bare_put(neutron, ids):
    """Milliseconds of one PUT by itself: the median of 20 on a quiet Neutron."""
    times = []
    for i in range(20):
        value = "DOWN" if i % 2 == 0 else "ACTIVE"
        started = time.monotonic()
        status, answer = neutron.ask("PUT", "/v2.0/ports/" + ids[0], {"port": {"data_plane_status": value}})
        times.append(1000 * (time.monotonic() - started))
        assert status == 200, answer
    return statistics.median(times)


def figures(lab, neutron):
    put = bare_put(neutron, lab.groups[0])
    rows = []
    for number, group in enumerate(lab.groups):
        times = []
        for down in (True, False):
            started = time.monotonic()
            lab.trap(number + 1, down)
            wait_for("%d ports" % len(group), all_are(neutron, group, "DOWN" if down else "ACTIVE"), 240)
            times.append(time.monotonic() - started)
        rows.append((len(group), times[0], times[1], len(group) * put / 1000))
    print("\nfrom the trap to data_plane_status stored in Neutron, seconds (one bare PUT: %.0f ms)" % put)
    print("%8s %8s %8s %22s" % ("ports", "DOWN", "ACTIVE", "bare PUTs one by one"))
    for row in rows:
        print("%8d %8.2f %8.2f %22.2f" % row)
    print()
    tried("figures for %s ports" % ", ".join(str(s) for s in lab.sizes), True)
    # Not slower than PUTs one by one, and the first port is there at once.
    tried("one port is DOWN within five bare PUTs", rows[0][1] < 5 * put / 1000 + 0.2, "%.2f s" % rows[0][1])


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
    second = real.Server([BUILD + "/dpwatch-neutron", "-c", lab.conf], lab.dir + "/second.log", env)
    wait_for("two instances", lambda: len(lab.status()["instances"]) == 2)
    for i in range(40):
        lab.trap(2, i % 2 == 0)
        lab.trap(3, i % 2 == 0)
    lab.trap(2, True)
    wait_for("DOWN", all_are(neutron, lab.groups[1], "DOWN"), 180)
    wait_for("ACTIVE", all_are(neutron, lab.groups[2], "ACTIVE"), 180)
    wait_for("everything acknowledged", lab.settled, 120)
    second.kill()
    tried("two instances: the last values are there", True)


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
    ids = neutron.make_ports(N_PORTS)
    lab = Lab(folder + "/lab", ids, SIZES)
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


# ---- with Keystone ----

EXPIRATION = 10


def roles(lab, keystone, user):
    """Roles that do not do, and the words about them."""
    env = user("member")
    status, text = lab.neutron(env, "--check")
    tried("role member: --check names the role", status == 1 and "data_plane_integrator is missing" in text, text)
    lab.start(env)
    lab.trap(1, True)
    wait_for("403", lab.says("a role is missing"))
    tried("role member: status says that a role is missing", True)
    lab.stop()
    lab.start(user("narrow"))
    wait_for("404", lab.says("give it advsvc beside data_plane_integrator"))
    tried("role data_plane_integrator alone, another project's port: said and held", lab.settled() is False)
    lab.stop()


def tokens(lab, neutron, user):
    env = user("full")
    status, text = lab.neutron(env, "--check")
    tried("password: --check: everything is there", status == 0, text)
    lab.start(env)
    wait_for("DOWN", all_are(neutron, lab.ids, "DOWN"))
    tried("roles data_plane_integrator and advsvc: DOWN in another project", True)
    # Long enough for several tokens; a toggle each second.
    end, down = time.monotonic() + 2.5 * EXPIRATION, False
    while time.monotonic() < end:
        lab.trap(1, down)
        wait_for("a toggle", all_are(neutron, lab.ids, "DOWN" if down else "ACTIVE"))
        down = not down
        next_at = time.monotonic() + 1
        wait_for("a second", lambda: time.monotonic() >= next_at)
    tried("tokens of %d s: no toggle is refused over %d s" % (EXPIRATION, 2.5 * EXPIRATION), not lab.says("401")())
    lab.stop()


def wrong_password(lab, user):
    env = dict(user("full"), OS_PASSWORD="wrong")
    status, text = lab.neutron(env, "--check")
    tried("wrong password: --check says so", status == 1 and "Keystone refuses user full: 401" in text, text)
    lab.start(env, ready=False)
    wait_for("the word about the password", lab.says("Keystone refuses user full: 401"))
    tried("wrong password: status says so", True)
    lab.stop()


def other_accounts(lab, keystone, user):
    token = keystone.token("full", "secret", "monitoring")
    env = account(OS_AUTH_TYPE="token", OS_TOKEN=token, OS_AUTH_URL=keystone.url, OS_PROJECT_NAME="monitoring")
    status, text = lab.neutron(env, "--check")
    tried("auth type token", status == 0, text)
    status, answer, _ = real.request(keystone.port, "POST", "/v3/users/%s/application_credentials" % user.ids["full"],
        {"application_credential": {"name": "dpwatch"}}, keystone.token("full", "secret", "monitoring"))
    assert status == 201, answer
    credential = answer["application_credential"]
    clouds = lab.dir + "/clouds.yaml"
    with open(clouds, "w") as f:
        f.write("clouds:\n  lab:\n    auth_type: v3applicationcredential\n    region_name: RegionOne\n    auth:\n"
            "      auth_url: %s\n      application_credential_id: %s\n      application_credential_secret: %s\n" %
            (keystone.url, credential["id"], credential["secret"]))
    status, text = lab.neutron(account(OS_CLOUD="lab", OS_CLIENT_CONFIG_FILE=clouds), "--check")
    tried("application credential in a clouds.yaml", status == 0 and "everything is there" in text, text)


def with_keystone(folder):
    keystone = real.Keystone(folder + "/keystone", EXPIRATION)
    service, demo = (keystone.make("project", name=n, domain_id="default") for n in ("service", "demo"))
    monitoring = keystone.make("project", name="monitoring", domain_id="default")
    keystone.user("neutron", "service", service, ["admin", "service"])
    ids = {name: keystone.user(name, "secret", monitoring, roles) for name, roles in (("member", ["member", "advsvc"]),
        ("narrow", ["data_plane_integrator", "member"]), ("full", ["data_plane_integrator", "advsvc", "member"]))}

    def user(name):
        return account(OS_AUTH_URL=keystone.url, OS_USERNAME=name, OS_PASSWORD="secret", OS_PROJECT_NAME="monitoring",
            OS_USER_DOMAIN_NAME="Default", OS_PROJECT_DOMAIN_ID="default", OS_REGION_NAME="RegionOne")
    user.ids = ids
    neutron = real.Neutron(folder + "/neutron-keystone", keystone)
    network = keystone.make("service", type="network", name="neutron")
    keystone.make("endpoint", service_id=network, interface="public", url=neutron.url, region_id="RegionOne")
    neutron.token = keystone.token()
    ports = neutron.make_ports(2, tenant_id=demo)
    lab = Lab(folder + "/keystone-lab", ports, projects={port: demo for port in ports})
    try:
        attempt("roles", lambda: roles(lab, keystone, user))
        attempt("tokens", lambda: tokens(lab, neutron, user))
        attempt("wrong password", lambda: wrong_password(lab, user))
        attempt("other accounts", lambda: other_accounts(lab, keystone, user))
    finally:
        lab.end()
        neutron.server.kill()
        keystone.server.kill()


def own(folder):
    own_api.own_api(folder, tried, attempt)


def side_by_side(folder):
    two_sides.side_by_side(folder, tried)


def main():
    folder = tempfile.mkdtemp(prefix="dpo.", dir=os.environ.get("TMPDIR", "/tmp"))
    try:
        parts = [own, side_by_side, without_keystone, without_extension, with_keystone]
        for part in [p for p in parts if len(sys.argv) == 1 or p.__name__ in sys.argv]:
            started = time.monotonic()
            print("---- %s" % part.__name__.replace("_", " "), flush=True)
            attempt(part.__name__, lambda: part(folder))
            print("     (%.0f s)" % (time.monotonic() - started), flush=True)
    finally:
        if failed and os.environ.get("KEEP"):
            print("kept: " + folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


main()
