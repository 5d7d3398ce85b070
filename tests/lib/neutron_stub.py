#!/usr/bin/env python3
"""A scripted Neutron and Keystone for the faults that real ones do not show on demand. What it answers when all is well is
what Neutron 21.0.0 answers (../shared facts, tests/openstack runs the same programs against the real one).

    neutron_stub.py CONTROL-SOCKET [CERTIFICATE KEY]      with these it speaks https

Serves HTTP on a free port of 127.0.0.1, and its controls on a Unix socket:
    GET  /        {"port": N, "puts": [[id, value] ...], "status": {id: value}, "tokens": N, "refused": N, "lists": N, "hasty": N,
                   "connections": N, "most": N}         refused: 401s; most: PUTs under way at a time;
                   hasty: PUTs before the date of such a 429
    POST /        any of: "ports": {id: value}, "fault": NAME or null, "times": N (default: for ever), "delay": SECONDS,
                  "gone": [id ...] (404), "hidden": [id ...] (404, but in the list), "revoke": true (no token is good any more),
                  "life": SECONDS of a token, "roles": [...], "password": "...", "page": ports in a page, "without": true (no extension),
                  "data": {id: {member: value}} (more of a port), "cut": true (after a first page it is away),
                  "no_changed_since": true, "hold": true (no PUT is answered until it is false)
Faults of PUTs: 429 date (429 until some seconds later, as a date) 500 409 403 401 unrecognized html503 html200 half redirect drop; of everything: away.
"""
import json
import os
import socketserver
import ssl
import sys
import threading
import time
import uuid
from datetime import datetime, timedelta, timezone
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

state = {
    "status": {}, "puts": [], "tokens": {}, "n_tokens": 0, "refused": 0, "lists": 0, "connections": 0, "under_way": 0, "most": 0,
    "fault": None, "times": -1, "delay": 0, "hold": False, "gone": [], "hidden": [], "life": 3600, "roles": ["admin"],
    "password": "right", "page": 1000, "without": False, "cut": False,
    "port_data": {}, "no_changed_since": False, "until": 0, "hasty": 0,
}
lock = threading.Lock()
PROJECT = "0123456789abcdef0123456789abcdef"


def neutron_error(kind, message):
    return {"NeutronError": {"type": kind, "message": message, "detail": ""}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *args):
        pass

    def setup(self):
        super().setup()
        with lock:
            state["connections"] += 1

    def send(self, status, body, content_type="application/json", headers=()):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return None
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    # ---- Keystone ----

    def do_POST(self):
        asked = json.loads(self.body())["auth"]
        if self.path != "/v3/auth/tokens":
            return self.send(404, {"error": {"code": 404, "message": "no such thing"}})
        if not self.known(asked["identity"]):
            return self.send(401, {"error": {"code": 401, "title": "Unauthorized",
                "message": "The request you have made requires authentication."}})
        token = uuid.uuid4().hex
        now = datetime.now(timezone.utc)
        with lock:
            expires = now + timedelta(seconds=state["life"])
            state["tokens"][token] = time.monotonic() + state["life"]
            state["n_tokens"] += 1
        url = "%s://127.0.0.1:%d/network/" % (self.server.scheme, self.server.server_address[1])
        when = lambda t: t.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        self.send(201, {"token": {"methods": asked["identity"]["methods"], "issued_at": when(now),
            "expires_at": when(expires), "roles": [{"id": r, "name": r} for r in state["roles"]],
            "project": {"id": PROJECT, "name": "monitoring"},
            "catalog": [{"type": "identity", "endpoints": []}, {"type": "network", "name": "neutron", "endpoints": [
                {"interface": "admin", "region": "RegionOne", "region_id": "RegionOne", "url": "http://127.0.0.1:1/"},
                {"interface": "public", "region": "RegionTwo", "region_id": "RegionTwo", "url": "http://127.0.0.1:1/"},
                {"interface": "public", "region": "RegionOne", "region_id": "RegionOne", "url": url}]}]}},
            headers=[("X-Subject-Token", token)])

    @staticmethod
    def known(identity):
        method = identity["methods"][0]
        if method == "password":
            user = identity["password"]["user"]
            return user["name"] == "dpwatch" and user["password"] == state["password"]
        if method == "application_credential":
            return identity[method] == {"id": "credential", "secret": state["password"]}
        return method == "token" and identity["token"]["id"] == state["password"]

    # ---- Neutron ----

    def authorized(self):
        token = self.headers.get("X-Auth-Token", "")
        if not self.path.startswith("/network/"):
            return True     # auth types none and admin_token go to the root
        with lock:
            return state["tokens"].get(token, 0) > time.monotonic()

    def target(self):
        return self.path[len("/network"):] if self.path.startswith("/network/") else self.path

    def refuse_token(self):
        with lock:
            state["refused"] += 1
        self.send(401, {"error": {"code": 401, "title": "Unauthorized",
            "message": "The request you have made requires authentication."}},
            headers=[("Www-Authenticate", 'Keystone uri="http://127.0.0.1/"')])

    def do_GET(self):
        if not self.authorized():
            return self.refuse_token()
        url = urlsplit(self.target())
        if state["fault"] == "away":
            return self.fault_away()
        if url.path == "/v2.0/extensions/data-plane-status":
            if state["without"]:
                return self.send(404, "<html><body>404</body></html>", "text/html")
            return self.send(200, {"extension": {"alias": "data-plane-status"}})
        if url.path == "/v2.0/ports":
            return self.list_ports(parse_qs(url.query))
        return self.send(404, neutron_error("HTTPNotFound", "The resource could not be found."))

    def list_ports(self, query):
        with lock:
            state["lists"] += 1
            ids = [i for i in sorted(state["status"]) if i not in state["gone"]]
            status = dict(state["status"])
            page = min(state["page"], int(query.get("limit", ["1000"])[0]))
        if "changed_since" in query and state["no_changed_since"]:
            return self.send(400, neutron_error("HTTPBadRequest", "['changed_since'] is invalid attribute for filtering"))
        if "changed_since" in query:
            ids = [i for i in ids if state["port_data"].get(i, {}).get("updated_at", "") > query["changed_since"][0]]
        if "id" in query:
            ids = [i for i in ids if i in query["id"]]
        if "marker" in query:
            ids = [i for i in ids if i > query["marker"][0]]
        ports = []
        for i in ids[:page]:
            port = {"id": i}
            port.update(state["port_data"].get(i, {}))
            if not state["without"]:
                port["data_plane_status"] = status[i]
            ports.append(port)
        answer = {"ports": ports}
        if len(ids) > page:
            fields = "".join("&fields=" + f for f in query.get("fields", []))
            answer["ports_links"] = [{"rel": "next", "href": "http://elsewhere.example/network/v2.0/ports?limit=%d%s&marker=%s"
                % (page, fields, ids[page - 1])}]
            if state["cut"]:    # the next page never comes
                state["fault"] = "away"
        self.send(200, answer)

    def fault_away(self):
        self.send(503, "<html><body><h1>503 Service Unavailable</h1></body></html>", "text/html")

    def take_fault(self):
        with lock:
            if not state["fault"] or state["times"] == 0:
                return None
            if state["times"] > 0:
                state["times"] -= 1
            return state["fault"]

    def answer_fault(self, fault, port_id):
        if fault == "429":
            self.send(429, {"error": {"code": 429, "message": "slow down"}}, headers=[("Retry-After", "1")])
        elif fault == "date":
            state["until"] = int(time.time()) + 3
            self.send(429, {"error": {"code": 429, "message": "slow down"}},
                headers=[("Retry-After", formatdate(state["until"], usegmt=True))])
        elif fault == "500":
            self.send(500, neutron_error("HTTPInternalServerError",
                "Request Failed: internal server error while processing your request."))
        elif fault == "409":
            self.send(409, neutron_error("Conflict", "somebody else is at it"))
        elif fault == "401":
            self.refuse_token()
        elif fault == "403":
            self.send(403, neutron_error("PolicyNotAuthorized",
                "(rule:update_port and rule:update_port:data_plane_status) is disallowed by policy"))
        elif fault == "unrecognized":
            self.send(400, neutron_error("HTTPBadRequest", "Unrecognized attribute(s) 'data_plane_status'"))
        elif fault in ("html503", "away"):
            self.fault_away()
        elif fault == "html200":
            self.send(200, "<html><body>Welcome to the hotel</body></html>", "text/html")
        elif fault == "redirect":
            self.send(301, "<html>moved</html>", "text/html", headers=[("Location", self.path)])
        elif fault == "half":
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "4000")
            self.end_headers()
            self.wfile.write(b'{"port": {"id": "' + port_id.encode())
            self.close_connection = True
        elif fault == "drop":
            self.close_connection = True

    def do_PUT(self):
        body = self.body()
        if not self.authorized():
            return self.refuse_token()
        port_id = self.target().rsplit("/", 1)[-1]
        with lock:
            state["hasty"] += time.time() < state["until"] - 0.5
            state["under_way"] += 1
            state["most"] = max(state["most"], state["under_way"])
        try:
            time.sleep(state["delay"])
            while state["hold"]:
                time.sleep(0.01)
            fault = self.take_fault()
            if fault:
                return self.answer_fault(fault, port_id)
            self.put(port_id, body)
        finally:
            with lock:
                state["under_way"] -= 1

    def put(self, port_id, body):
        if body is None:
            return self.send(400, neutron_error("HTTPBadRequest", "Unable to find 'port' in request body"))
        port = json.loads(body)["port"]
        if port_id not in state["status"] or port_id in state["gone"] or port_id in state["hidden"]:
            return self.send(404, neutron_error("PortNotFound", "Port %s could not be found." % port_id))
        value = port["data_plane_status"]
        if value not in ("DOWN", "ACTIVE"):
            return self.send(500, neutron_error("HTTPInternalServerError", "null is a 500"))
        with lock:
            state["status"][port_id] = value
            state["puts"].append([port_id, value])
        self.send(200, {"port": {"id": port_id, "data_plane_status": value, "status": "ACTIVE"}})


class Control(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass

    def address_string(self):
        return "control"

    def answer(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        with lock:
            self.answer({"port": neutron.server_address[1], "puts": state["puts"], "status": state["status"],
                "tokens": state["n_tokens"], "refused": state["refused"], "lists": state["lists"], "connections": state["connections"],
                "most": state["most"], "hasty": state["hasty"]})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with lock:
            if asked.pop("revoke", False):
                state["tokens"].clear()
            if "ports" in asked:
                state["status"].update(asked.pop("ports"))
            state["port_data"].update(asked.pop("data", {}))
            if "fault" in asked:
                state["times"] = -1
            state.update(asked)
        self.answer({})


class Neutron(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    scheme = "http"

    def secure(self, certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.scheme = "https"

    def handle_error(self, request, client_address):
        pass


class ControlServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


if __name__ == "__main__":
    neutron = Neutron(("127.0.0.1", 0), Handler)
    if len(sys.argv) > 2:
        neutron.secure(*sys.argv[2:])
    threading.Thread(target=neutron.serve_forever, daemon=True).start()
    if os.path.exists(sys.argv[1]):
        os.unlink(sys.argv[1])
    ControlServer(sys.argv[1], Control).serve_forever()
