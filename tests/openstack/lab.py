"""What dpwatch is in these tests: a daemon with its Redis, a map, dpwatch-neutron, and openstack's own client beside it."""
import json
import os
import signal
import socket
import subprocess
import threading
import time

import real
from real import wait_for

BUILD = os.environ.get("BUILD", "build")
LEAF = "127.1.0.1"
PARALLEL = os.environ.get("PARALLEL", "16")


class Lab:
    """A daemon with its Redis, a map of N ports, and dpwatch-neutron with some account."""

    def __init__(self, folder, ids, sizes=None, projects=None, more=""):
        self.dir, self.conf, self.sizes = folder, folder + "/dpwatch.conf", sizes or [len(ids)]
        os.makedirs(folder)
        self.snmp = real.free_port()
        with open(self.conf, "w") as f:
            f.write("[daemon]\nstate_dir = {0}\n[snmp]\nlisten = udp:127.0.0.1:{1}\ncommunity = public\n"
                "receive_buffer = 256KiB\n[syslog]\nlisten = udp:127.0.0.1:{2}\nrules_dir = conf/rules\n[redis]\n"
                "server = embedded\n[api]\nlisten = unix:{0}/api.sock\n[neutron]\nmax_down = 100%\n"
                "reconcile_every = off\nparallel = {3}\n{4}".format(folder, self.snmp, self.snmp + 1, PARALLEL, more))
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


def all_are(neutron, group, value):
    def look():
        values = neutron.values()
        return all(values.get(port) == value for port in group)
    return look


class SlowWay:
    """A relay to a port of 127.0.0.1 that passes on what it reads from the client only after a while."""

    def __init__(self, port, delay):
        self.upstream, self.delay = port, delay
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
                server = socket.create_connection(("127.0.0.1", self.upstream))
            except OSError:
                return
            for ends in ((client, server, self.delay), (server, client, 0)):
                threading.Thread(target=self.pump, args=ends, daemon=True).start()

    @staticmethod
    def pump(source, sink, delay):
        try:
            while data := source.recv(65536):
                time.sleep(delay)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            sink.close()

    def close(self):
        self.listener.close()
