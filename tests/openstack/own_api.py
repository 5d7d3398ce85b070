"""The unmodified `openstack` client against dpwatchd's own Neutron API: scripts/test-openstack own, which needs nothing but
the client. What the client did is read back from the events stream.
"""
import json
import os
import signal
import subprocess
import time

import real
from real import wait_for

BUILD = os.environ.get("BUILD", "build")
# name, id, project, host
PORTS = [("vm1", "11111111-1111-4111-8111-111111111111", "blue", "compute-7"),
    ("vm2", "22222222-2222-4222-8222-222222222222", "red", "compute-7"),
    ("vm3", "33333333-3333-4333-8333-333333333333", "red", "compute-8")]
VM1, VM2, VM3 = (port[1] for port in PORTS)
LEAF = "127.1.0.1"


class Api:
    """A daemon with an embedded Redis, two hosts and three ports, and an HTTP listener on loopback."""

    def __init__(self, folder, anonymous, ports=PORTS):
        self.dir = folder
        os.makedirs(folder)
        self.http, self.snmp = real.free_port(), real.free_port()
        self.url = "http://127.0.0.1:%d" % self.http
        with open(folder + "/dpwatch.conf", "w") as f:
            f.write("[daemon]\nstate_dir = {0}\n[snmp]\nlisten = udp:127.0.0.1:{1}\ncommunity = public\n"
                "receive_buffer = 256KiB\n[syslog]\nlisten = udp:127.0.0.1:{2}\nrules_dir = conf/rules\n[redis]\n"
                "server = embedded\n[api]\nlisten = unix:{0}/api.sock, http:127.0.0.1:{3}\ntoken_file = {0}/tokens\n"
                "anonymous = {4}\n".format(folder, self.snmp, self.snmp + 1, self.http, anonymous))
        self.daemon = real.Server([BUILD + "/dpwatchd", "-c", folder + "/dpwatch.conf"], folder + "/dpwatchd.log")
        wait_for("dpwatchd", lambda: self.cli("status")[0] == 0)
        document = {"switches": [{"name": "leaf1", "addresses": [LEAF], "interfaces":
            [{"name": "Ethernet1/1", "if_index": 1}, {"name": "Ethernet1/2", "if_index": 2}]}],
            "hosts": [{"name": "compute-7", "attachments": ["leaf1:Ethernet1/1"]},
                {"name": "compute-8", "attachments": ["leaf1:Ethernet1/2"]}],
            "ports": [dict(zip(("name", "id", "project_id", "host"), port)) for port in ports]}
        with open(folder + "/map.json", "w") as f:
            json.dump(document, f)
        wait_for("the map in force", lambda: self.cli("topology", "load", "--force", folder + "/map.json")[0] == 0)

    def cli(self, *args):
        done = subprocess.run([BUILD + "/dpwatch", "--api", "unix:%s/api.sock" % self.dir, *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode, done.stdout

    def token(self, name, *more):
        status, text = self.cli("token", "add", name, *more)
        assert status == 0, text
        return text.split()[-1]

    def redis(self, *args):
        done = subprocess.run(["redis-cli", "-s", self.dir + "/redis.sock", "--json", *args],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True)
        return json.loads(done.stdout)

    def last_event(self):
        entries = self.redis("XREVRANGE", "dpwatch:events", "+", "-", "COUNT", "1")
        return entries[0][0] if entries else "0"

    def toggles_after(self, since):
        """[(port, dp_down, reported_by)] as XREAD shows them."""
        streams = self.redis("XREAD", "STREAMS", "dpwatch:events", since) or {}
        found = []
        for _, fields in streams.get("dpwatch:events", []):
            entry = dict(zip(fields[::2], fields[1::2]))
            found.append((entry["port"], entry["dp_down"], entry["reported_by"]))
        return found

    def trap(self, interface, down):
        subprocess.run(["snmptrap", "-v2c", "-c", "public", "--clientaddr=" + LEAF, "127.0.0.1:%d" % self.snmp, "",
            ".1.3.6.1.6.3.1.1.5.%d" % (3 if down else 4), ".1.3.6.1.2.1.2.2.1.1.%d" % interface, "i", str(interface)] +
            ([] if down else [".1.3.6.1.2.1.2.2.1.8.%d" % interface, "i", "1"]), check=True, env=dict(os.environ, MIBS=""))

    def end(self):
        self.daemon.process.send_signal(signal.SIGTERM)
        self.daemon.process.wait(timeout=60)


class Client:
    """The command as a user runs it, with an account in the environment."""

    def __init__(self, api, **account):
        self.env = {k: v for k, v in os.environ.items()
            if not k.startswith("OS_") and k.lower() not in ("http_proxy", "https_proxy", "pythonpath")}
        self.env.update(OS_ENDPOINT=api.url, **account)

    def run(self, *args):
        done = subprocess.run([real.PYTHON, "/usr/bin/openstack", *args], env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return done.returncode, done.stdout.strip(), done.stderr.strip()

    def json(self, *args):
        status, out, error = self.run(*args, "-f", "json")
        assert status == 0, error
        return json.loads(out)

    def status_of(self, port):
        return self.json("port", "show", "-c", "data_plane_status", port)["data_plane_status"]


def reading(client, tried):
    aliases = [row["Alias"] for row in client.json("extension", "list", "--network")]
    tried("extension list --network", aliases == ["data-plane-status"], str(aliases))
    rows = client.json("port", "list")
    tried("port list", sorted((r["Name"], r["ID"]) for r in rows) == [p[:2] for p in PORTS], str(rows))
    rows = client.json("port", "list", "--host", "compute-7")
    tried("port list --host", sorted(r["ID"] for r in rows) == [VM1, VM2], str(rows))
    for name in ("vm3", VM3):
        port = client.json("port", "show", name)
        tried("port show %s" % name, (port["id"], port["name"], port["binding_host_id"]) == (VM3, "vm3", "compute-8"), str(port))
    status, _, error = client.run("port", "show", "nosuch")
    tried("port show of none: %s" % error, status == 1 and "No Port found for nosuch" in error)


def set_and_read_back(api, client, what, args, port, dp_down, shown):
    since = api.last_event()
    status, out, error = client.run("port", *args)
    tried = [(status == 0, error)]
    toggles = []
    # The answer comes when the engine knows; the stream a round trip later.
    try:
        wait_for(what, lambda: toggles.extend(api.toggles_after(since)) or toggles, 10)
    except AssertionError as error:
        tried.append((False, str(error)))
    # Who says null says nothing; who says ACTIVE says that.
    by = "" if args[0] == "unset" else "operator"
    tried.append((toggles == [(port, dp_down, by)], str(toggles)))
    got = client.status_of(port)
    tried.append((got == shown, "shown: %s" % got))
    return all(good for good, _ in tried), "; ".join(words for good, words in tried if not good)


WRITES = [
    ("port set --data-plane-status DOWN, by name", ["set", "--data-plane-status", "DOWN", "vm1"], VM1, "true", "DOWN"),
    ("port set --data-plane-status ACTIVE, by id", ["set", "--data-plane-status", "ACTIVE", VM1], VM1, "false", "ACTIVE"),
    ("port set --data-plane-status DOWN, by id", ["set", "--data-plane-status", "DOWN", VM2], VM2, "true", "DOWN"),
    ("port unset --data-plane-status, by name", ["unset", "--data-plane-status", "vm2"], VM2, "false", "ACTIVE"),
    ("port set --extra-property dp_down true", ["set", "--extra-property", "type=bool,name=dp_down,value=true", "vm3"], VM3,
        "true", "DOWN"),
    ("port set --extra-property dp_down false", ["set", "--extra-property", "type=bool,name=dp_down,value=false", VM3], VM3,
        "false", "ACTIVE"),
]


def writing(api, client, tried):
    for what, args, port, dp_down, shown in WRITES:
        good, words = set_and_read_back(api, client, what, args, port, dp_down, shown)
        tried("%s: the toggle is on the stream, and shown" % what, good, words)
    since = api.last_event()
    status, _, error = client.run("port", "set", "--extra-property", "type=str,name=dp_down,value=perhaps", "vm1")
    tried("a refusal is shown in our words", status == 1 and "'perhaps' cannot be converted to boolean" in error, error)
    status, _, error = client.run("port", "set", "--name", "other", "vm1")
    tried("what is not ours to set is refused", status == 1 and "read-only attribute name" in error, error)
    tried("and neither toggles", api.toggles_after(since) == [])
    api.trap(2, True)
    wait_for("linkDown", lambda: api.toggles_after(since))
    tried("a trap: port show says DOWN", client.status_of("vm3") == "DOWN")


def others(api, tried):
    reader = Client(api, OS_AUTH_TYPE="admin_token", OS_TOKEN=api.token("tenant", "--role", "reader", "--project", "blue"))
    rows = reader.json("port", "list")
    tried("a reader's token lists its project's ports", [r["ID"] for r in rows] == [VM1], str(rows))
    status, _, error = reader.run("port", "show", VM2)
    tried("another project's are not found", status == 1 and "No Port found for" in error, error)
    status, _, error = reader.run("port", "set", "--data-plane-status", "DOWN", "vm1")
    tried("and it sets none", status == 1 and "is disallowed by policy" in error, error)
    wrong = Client(api, OS_AUTH_TYPE="admin_token", OS_TOKEN="wrong")
    status, _, error = wrong.run("port", "list")
    tried("a wrong token", status == 1 and "401" in error, error)


def without_account(api, tried):
    client = Client(api, OS_AUTH_TYPE="none")
    rows = client.json("port", "list")
    tried("no account, anonymous = read: port list", len(rows) == 3, str(rows))
    tried("port show by name", client.status_of("vm3") == "DOWN")
    status, _, error = client.run("port", "set", "--data-plane-status", "DOWN", "vm1")
    tried("port set is refused", status == 1 and "403" in error and "is disallowed by policy" in error, error)


def many(folder, tried):
    """A page has 1,000 ports; the client follows the links."""
    ports = [("vm%d" % i, "44444444-4444-4444-8444-%012d" % i, "blue", "compute-7") for i in range(2100)]
    api = Api(folder + "/own-api-many", "read", ports)
    try:
        rows = Client(api, OS_AUTH_TYPE="none").json("port", "list")
        tried("port list shows 2,100 ports", sorted(r["ID"] for r in rows) == [p[1] for p in ports], str(len(rows)))
    finally:
        api.end()


def own_api(folder, tried, attempt):
    started = time.monotonic()
    api = Api(folder + "/own-api", "read")
    try:
        client = Client(api, OS_AUTH_TYPE="admin_token", OS_TOKEN=api.token("operator", "--role", "integrator"))
        attempt("reading", lambda: reading(client, tried))
        attempt("writing", lambda: writing(api, client, tried))
        attempt("others", lambda: others(api, tried))
        attempt("without account", lambda: without_account(api, tried))
    finally:
        api.end()
    attempt("many", lambda: many(folder, tried))
    tried("in less than three minutes", time.monotonic() - started < 180, "%.0f s" % (time.monotonic() - started))
