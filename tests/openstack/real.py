"""A real Neutron, and a real Keystone, from Debian's packages, each on a port of 127.0.0.1 with sqlite in a folder of its
own. What stands here was found by trying (Neutron 21.0.0, Keystone 22.0.2): no RabbitMQ, no root rights, no system files.
A Neutron of several processes takes a MariaDB of its own: with sqlite it answers 500 (database is locked).
"""
import ctypes
import http.client
import json
import os
import pwd
import signal
import socket
import sqlite3
import subprocess
import sys
import time

PYTHON = "/usr/bin/python3"  # Debian's: another one in PATH does not see the packages

PASTE = """[composite:neutron]
use = egg:Paste#urlmap
/: neutronversions_composite
/v2.0: neutronapi_v2_0
[composite:neutronversions_composite]
use = call:neutron.auth:pipeline_factory
noauth = cors http_proxy_to_wsgi neutronversions
keystone = cors http_proxy_to_wsgi neutronversions
[composite:neutronapi_v2_0]
use = call:neutron.auth:pipeline_factory
noauth = cors http_proxy_to_wsgi request_id fake_project_id catch_errors extensions neutronapiapp_v2_0
keystone = cors http_proxy_to_wsgi request_id catch_errors authtoken keystonecontext extensions neutronapiapp_v2_0
[filter:request_id]
paste.filter_factory = oslo_middleware:RequestId.factory
[filter:catch_errors]
paste.filter_factory = oslo_middleware:CatchErrors.factory
[filter:cors]
paste.filter_factory = oslo_middleware.cors:filter_factory
oslo_config_project = neutron
[filter:http_proxy_to_wsgi]
paste.filter_factory = oslo_middleware.http_proxy_to_wsgi:HTTPProxyToWSGI.factory
[filter:fake_project_id]
paste.filter_factory = neutron.auth:NoauthFakeProjectId.factory
[filter:keystonecontext]
paste.filter_factory = neutron.auth:NeutronKeystoneContext.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
[filter:extensions]
paste.filter_factory = neutron.api.extensions:plugin_aware_extension_middleware_factory
[app:neutronversions]
paste.app_factory = neutron.pecan_wsgi.app:versions_factory
[app:neutronapiapp_v2_0]
paste.app_factory = neutron.api.v2.router:APIRouter.factory
"""

NEUTRON = """[DEFAULT]
bind_host = 127.0.0.1
bind_port = {port}
host = loopback-lab
auth_strategy = {strategy}
core_plugin = ml2
service_plugins =
transport_url = fake://
api_workers = {workers}
rpc_workers = 1
rpc_state_report_workers = 0
pagination_max_limit = {page_max}
api_paste_config = {dir}/api-paste.ini
state_path = {dir}/state
log_file = {dir}/neutron.log
notify_nova_on_port_status_changes = False
notify_nova_on_port_data_changes = False
dhcp_agent_notification = False
[database]
connection = {connection}
sqlite_synchronous = False
[oslo_concurrency]
lock_path = {dir}/lock
[oslo_policy]
policy_file = {dir}/policy.yaml
policy_dirs = {dir}/policy.d
[oslo_messaging_notifications]
driver = noop
[quotas]
quota_port = -1
[ml2]
type_drivers = local
tenant_network_types = local
mechanism_drivers = {mechanism}
extension_drivers = {drivers}
{more}
"""

AUTHTOKEN = """[keystone_authtoken]
www_authenticate_uri = {url}
auth_url = {url}
auth_type = password
username = neutron
password = service
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne
service_token_roles_required = False
"""

KEYSTONE = """[DEFAULT]
log_file = {dir}/keystone.log
[database]
connection = sqlite:///{dir}/keystone.sqlite
[token]
expiration = {expiration}
[fernet_tokens]
key_repository = {dir}/fernet
[fernet_receipts]
key_repository = {dir}/receipts
[credential]
key_repository = {dir}/credential
"""

# A mechanism driver that binds every port to the host that it names, and where it is found.
BINDER = {"lab_binder.py": """from neutron_lib.plugins.ml2 import api
class Binder(api.MechanismDriver):
    def initialize(self): pass
    def bind_port(self, context):
        context.set_binding(context.segments_to_bind[0][api.ID], "ovs", {})
""", "lab_binder-1.egg-info/PKG-INFO": """Metadata-Version: 1.0
Name: lab_binder
Version: 1
""", "lab_binder-1.egg-info/entry_points.txt": """[neutron.ml2.mechanism_drivers]
lab_binder = lab_binder:Binder
"""}

# One request at a time: sqlite with a threading server says "database is locked".
SERVE_KEYSTONE = """
import sys
from wsgiref.simple_server import make_server, WSGIRequestHandler
from keystone.server.wsgi import initialize_public_application
port = int(sys.argv.pop())  # Keystone reads what is left of the command line
class Quiet(WSGIRequestHandler):
    def log_message(self, *args): pass
make_server("127.0.0.1", port, initialize_public_application(), handler_class=Quiet).serve_forever()
"""

MAKE_TABLES = """
import sys
from sqlalchemy import create_engine
from neutron.db.migration.models.head import get_metadata
engine = create_engine(sys.argv[1])
if engine.name == "sqlite":
    engine.connect().exec_driver_sql("PRAGMA journal_mode=WAL")
get_metadata().create_all(engine)
"""


def free_port():
    """Below the ports that the kernel hands out by itself."""
    for port in range(24000 + os.getpid() % 4000, 32000):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass
    raise SystemExit("no free port")


def wait_for(what, condition, seconds=60, every=0.05):
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain for: %s" % (seconds, what))
        time.sleep(every)


def request(port, method, path, body=None, token=None, timeout=120):
    """(status, JSON or None, headers)"""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
    headers = {"Content-Type": "application/json"}
    if token:
        headers["X-Auth-Token"] = token
    try:
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        answer = connection.getresponse()
        data = answer.read()
    except OSError:
        return 0, None, {}
    finally:
        connection.close()
    try:
        return answer.status, json.loads(data), answer.headers
    except ValueError:
        return answer.status, None, answer.headers


def run(argv, log, **more):
    with open(log, "ab") as out:
        subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=True, **more)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


class Server:
    """A process, with those that it starts, that is killed with this one."""

    def __init__(self, argv, log, env=None):
        with open(log, "ab") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                start_new_session=True, preexec_fn=die_with_parent)

    def kill(self):
        if self.process:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            self.process.wait()
            self.process = None


class Keystone:
    def __init__(self, folder, expiration):
        self.dir, self.port = folder, free_port()
        self.url = "http://127.0.0.1:%d/v3" % self.port
        os.makedirs(folder)
        self.conf = folder + "/keystone.conf"
        with open(self.conf, "w") as f:
            f.write(KEYSTONE.format(dir=folder, expiration=expiration))
        sqlite3.connect(folder + "/keystone.sqlite").execute("PRAGMA journal_mode=WAL")
        me = ["--keystone-user", str(os.getuid()), "--keystone-group", str(os.getgid())]
        self.manage("db_sync")
        self.manage("fernet_setup", *me)
        self.manage("credential_setup", *me)
        self.manage("bootstrap", "--bootstrap-password", "admin", "--bootstrap-admin-url", self.url,
            "--bootstrap-public-url", self.url, "--bootstrap-internal-url", self.url, "--bootstrap-region-id", "RegionOne")
        env = dict(os.environ, OS_KEYSTONE_CONFIG_FILES=self.conf)
        self.server = Server([PYTHON, "-c", SERVE_KEYSTONE, str(self.port)], folder + "/out.log", env)
        wait_for("Keystone's answer", lambda: request(self.port, "GET", "/v3")[0] == 200)

    def manage(self, *args):
        run([PYTHON, "-c", "from keystone.cmd.manage import main; main()", "--config-file", self.conf, *args],
            self.dir + "/out.log")

    def token(self, user="admin", password="admin", project="admin"):
        identity = {"methods": ["password"], "password": {"user": {"name": user, "password": password,
            "domain": {"id": "default"}}}}
        scope = {"project": {"name": project, "domain": {"id": "default"}}}
        status, _, headers = request(self.port, "POST", "/v3/auth/tokens", {"auth": {"identity": identity, "scope": scope}})
        assert status == 201, status
        return headers["X-Subject-Token"]

    def make(self, kind, **members):
        status, body, _ = request(self.port, "POST", "/v3/%ss" % kind, {kind: members}, self.token())
        assert status == 201, (kind, status, body)
        return body[kind]["id"]

    def role(self, name):
        _, body, _ = request(self.port, "GET", "/v3/roles?name=" + name, None, self.token())
        return body["roles"][0]["id"] if body["roles"] else self.make("role", name=name)

    def user(self, name, password, project_id, roles):
        user = self.make("user", name=name, password=password, domain_id="default", default_project_id=project_id)
        for role in roles:
            path = "/v3/projects/%s/users/%s/roles/%s" % (project_id, user, self.role(role))
            assert request(self.port, "PUT", path, None, self.token())[0] == 204
        return user


class MariaDB:
    """On a socket in its folder, without accounts; ready after a second."""
    SYSTEM = ["/usr/share/mysql/mysql_%s.sql" % n for n in ("system_tables", "performance_tables", "system_tables_data")]

    def __init__(self, folder):
        self.socket = folder + "/socket"
        os.makedirs(folder + "/data")
        base = ["/usr/sbin/mariadbd", "--no-defaults", "--datadir=%s/data" % folder, "--user=" + pwd.getpwuid(os.getuid())[0]]
        with open(folder + "/bootstrap.sql", "w") as f:
            f.write("create database mysql;\nuse mysql;\n")
            for path in self.SYSTEM:
                with open(path) as system:
                    f.write(system.read())
        with open(folder + "/bootstrap.sql") as script, open(folder + "/out.log", "ab") as out:
            subprocess.run(base + ["--bootstrap"], stdin=script, stdout=out, stderr=out, check=True)
        self.server = Server(base + ["--socket=" + self.socket, "--skip-networking", "--skip-grant-tables",
            "--pid-file=%s/pid" % folder], folder + "/out.log")
        wait_for("MariaDB", lambda: self.answers(), 30)
        self.connect().cursor().execute("create database neutron default character set utf8")

    def connect(self, database=None):
        import pymysql  # only here: the rest does without
        return pymysql.connect(unix_socket=self.socket, user="root", database=database)

    def answers(self):
        try:
            self.connect().close()
            return True
        except Exception:
            return False

    def url(self):
        return "mysql+pymysql://root@localhost/neutron?unix_socket=" + self.socket


class Neutron:
    def __init__(self, folder, keystone=None, extension=True, page_max=-1, binds=False, workers=0, mariadb=None,
            more=""):
        self.dir, self.port, self.token, self.workers, self.mariadb = folder, free_port(), "x", workers, mariadb
        self.url = "http://127.0.0.1:%d" % self.port
        os.makedirs(folder + "/policy.d")
        os.makedirs(folder + "/lab_binder-1.egg-info")
        for name, text in [("api-paste.ini", PASTE), ("policy.yaml", "{}\n"), *BINDER.items()]:
            with open("%s/%s" % (folder, name), "w") as f:
                f.write(text)
        with open(folder + "/neutron.conf", "w") as f:
            f.write(NEUTRON.format(port=self.port, dir=folder, strategy="keystone" if keystone else "noauth",
                drivers="data_plane_status" if extension else "", workers=workers, mechanism="lab_binder" if binds else "",
                connection=self.connection(), page_max=page_max,
                more=more + (AUTHTOKEN.format(url=keystone.url) if keystone else "")))
        run([PYTHON, "-c", MAKE_TABLES, self.connection()], folder + "/out.log")
        self.start()

    def connection(self):
        return self.mariadb.url() if self.mariadb else "sqlite:///%s/neutron.sqlite" % self.dir

    def start(self, wait=True):
        self.server = Server([PYTHON, "-c", "from neutron.cmd.eventlet.server import main; main()", "--config-file",
            self.dir + "/neutron.conf"], self.dir + "/out.log", dict(os.environ, PYTHONPATH=self.dir))
        if wait:
            self.wait()

    def wait(self):
        wait_for("Neutron's answer", lambda: request(self.port, "GET", "/")[0] == 200)
        # Neutron 21.0.0 answers every request about ports with a 500 (no attribute 'port_forwardings') until it was asked
        # about something else. That goes for each process, and each takes its share of new connections.
        for _ in range(1 + 10 * self.workers):
            self.ask("GET", "/v2.0/networks")

    def ask(self, method, path, body=None):
        status, answer, _ = request(self.port, method, path, body, self.token)
        return status, answer

    def make_ports(self, n, port=None, **members):
        """Ids in the order in which they are numbered. `members` are of ports and network, `port` only of the ports."""
        status, answer = self.ask("POST", "/v2.0/networks", {"network": dict(name="net", **members)})
        assert status == 201, answer
        network, ids = answer["network"]["id"], []
        if port:  # no port without an address is bound
            subnet = {"network_id": network, "ip_version": 4, "cidr": "10.0.0.0/16", "enable_dhcp": False}
            status, answer = self.ask("POST", "/v2.0/subnets", {"subnet": subnet})
            assert status == 201, answer
        while len(ids) < n:
            some = [dict(port or {}, network_id=network, name="vm%d" % i, **members) for i in range(len(ids), min(n, len(ids) + 50))]
            status, answer = self.ask("POST", "/v2.0/ports", {"ports": some})
            assert status == 201, answer
            ids += [port["id"] for port in answer["ports"]]
        return ids

    def database(self):
        if self.mariadb:
            return self.mariadb.connect("neutron")
        return sqlite3.connect("file:%s/neutron.sqlite?mode=ro" % self.dir, uri=True)

    def values(self):
        """What is stored: id -> DOWN or ACTIVE. No request, so that looking costs Neutron nothing."""
        database = self.database()
        try:
            cursor = database.cursor()
            cursor.execute("SELECT port_id, data_plane_status FROM portdataplanestatuses")
            return dict(cursor.fetchall())
        finally:
            database.close()
