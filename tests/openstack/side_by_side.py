"""The same requests to a real Neutron and to dpwatchd's own Neutron API, and every answer compared: status, headers, and the body
field by field. scripts/test-openstack side_by_side.

What may differ is written down here, each with its reason: the fields of a port below, and beside a request what differs in
its answer. A difference that is not listed fails, and so does a listed one that is no longer there. Neutron runs with
pagination_max_limit = 1000, as we do.
"""
import http.client
import json
import re
import urllib.parse

import own_api
import real

# What a port has in Neutron, and is not ours to tell.
NEUTRON_ONLY = {"network_id", "mac_address", "admin_state_up", "status", "device_id", "device_owner", "fixed_ips",
    "allowed_address_pairs", "extra_dhcp_opts", "security_groups", "description", "binding:vnic_type", "binding:profile",
    "binding:vif_type", "binding:vif_details", "tags", "created_at", "updated_at"}
# What a port has here, and Neutron does not know.
OURS_ONLY = {"dp_down", "dp_down_since", "dp_down_causes", "paths_up", "paths_stranded", "paths_total", "heard_at",
    "dp_down_maintenance"}
# The same name and another meaning: toggles here, writes of any kind there.
OTHER_VALUE = {"revision_number"}
PORTS = [("vm1", "blue", "compute-7"), ("vm2", "red", "compute-7"), ("vm 3", "red", "compute-8"), ("twin", "blue", "compute-8"),
    ("twin", "red", "compute-8"), ("", "blue", "compute-7"), ("zürich", "blue", "compute-8")]
UNKNOWN = "00000000-0000-4000-8000-000000000000"


class Answer:
    def __init__(self, port, method, path, headers, body):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        try:
            connection.putrequest(method, path, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if body is not None and "Transfer-Encoding" not in headers:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            self.status, self.headers, data = answer.status, answer.headers, answer.read()
        finally:
            connection.close()
        self.type = (self.headers["Content-Type"] or "").split(";")[0]
        self.text = re.sub(r"127\.0\.0\.1:%d" % port, "HOST", data.decode())
        try:
            self.body = json.loads(self.text)
        except ValueError:
            self.body = self.text


def differ_port(ours, theirs):
    for name in sorted(set(ours) | set(theirs)):
        if name not in ours:
            if name not in NEUTRON_ONLY:
                yield name, "absent", theirs[name]
        elif name not in theirs:
            if name not in OURS_ONLY:
                yield name, ours[name], "absent"
        elif ours[name] != theirs[name] and name not in OTHER_VALUE:
            yield name, ours[name], theirs[name]


def plain_link(link):
    """Parameters of a link may stand in any order and be escaped in any way."""
    path, _, query = link["href"].partition("?")
    return link["rel"], path, sorted(urllib.parse.parse_qsl(query, keep_blank_values=True))


def differ_body(ours, theirs):
    if not isinstance(ours, dict) or not isinstance(theirs, dict):
        if ours != theirs:
            yield "body", ours, theirs
        return
    for name in sorted(set(ours) | set(theirs)):
        if name not in ours or name not in theirs:
            yield name, ours.get(name, "absent"), theirs.get(name, "absent")
        elif name == "port":
            yield from differ_port(ours[name], theirs[name])
        elif name == "ports":
            if len(ours[name]) != len(theirs[name]):
                yield "length", len(ours[name]), len(theirs[name])
            for pair in zip(ours[name], theirs[name]):
                yield from differ_port(*pair)
        elif name == "ports_links":
            if [plain_link(l) for l in ours[name]] != [plain_link(l) for l in theirs[name]]:
                yield "ports_links", ours[name], theirs[name]
        elif name == "NeutronError":
            for key in sorted(set(ours[name]) | set(theirs[name])):
                if ours[name].get(key) != theirs[name].get(key):
                    yield key, ours[name].get(key), theirs[name].get(key)
        elif ours[name] != theirs[name]:
            yield name, ours[name], theirs[name]


def differences(ours, theirs):
    """(what, ours, theirs) of each"""
    if ours.status != theirs.status:
        yield "status", ours.status, theirs.status
    if ours.type != theirs.type:
        yield "Content-Type", ours.type, theirs.type
    for name in ("X-Openstack-Request-Id", "Content-Length"):
        if (name in ours.headers) != (name in theirs.headers):
            yield name, ours.headers[name], theirs.headers[name]
    yield from differ_body(ours.body, theirs.body)


# ---- what is asked ----

# Why some answers differ, and in what.
OTHER_TEXT = ("Content-Type body X-Openstack-Request-Id", "an answer of pecan or webob in plain text; ours are always JSON")
OTHER_TEXT_ID = ("Content-Type body", OTHER_TEXT[1])
OWN_FILTER = ("status NeutronError ports ports_links", "a list of what is down is what we are for")
NOT_OURS = ("status NeutronError ports ports_links", "an attribute that only Neutron has: refused, rather than not filtered by")
CAPITALS = ("status NeutronError ports ports_links", "an id in capitals is the same id (RFC 9562); Neutron compares text")
CAPITALS_ID = ("status NeutronError port", CAPITALS[1])
GONE = ("status NeutronError ports ports_links", "the page behind a port that has left is known all the same: lists are by id")
NUMBERS = ("status NeutronError ports ports_links", "what Python's int() takes beyond digits; ours is digits")
MAPS = ("status NeutronError port", "it is the map's to say")
LENIENT = ("status NeutronError ports ports_links", "there is JSON only, and who asks for something else gets that (RFC 9110, 12.5.1)")
WORDS = ("message", "the method is named")
NO_METHOD = ("status type message", "ports come and go with the map: 405 before anything else")
NO_METHOD_WORDS = ("message", "nobody makes a port here, so less is checked before 405")
HEAD = ("status", "HEAD is GET without a body (RFC 9110, 9.3.2); Neutron refuses it")
ECHO = ("status NeutronError port", "Neutron takes any method that it does not know for GET")

SAME = None
ASKED = [  # method, path and query, headers, body, difference
    ("GET", "/", {}, None, ("X-Openstack-Request-Id", "we number every answer")),
    ("GET", "/v2.0/", {}, None, ("resources version", "the client's discovery wants a version here, which Neutron does not tell")),
    ("GET", "/v2.0", {}, None, ("status NeutronError version", "an endpoint that ends in /v2.0 is discovered too")),
    ("GET", "/nosuch", {}, None, OTHER_TEXT),
    ("GET", "/v2.0/nosuch", {}, None, SAME),
    ("GET", "/v2.0/nosuch/x", {}, None, SAME),
    ("GET", "/v2.0/PORTS", {}, None, SAME),
    ("GET", "//v2.0/ports", {}, None, ("status NeutronError ports ports_links", "to libevent the first part is a host (RFC 3986, 4.2)")),
    ("GET", "/v2.0/extensions/data-plane-status", {}, None, SAME),
    ("GET", "/v2.0/extensions/data-plane-status.json", {}, None, SAME),
    ("GET", "/v2.0/extensions/a/b", {}, None, SAME),
    ("GET", "/v2.0/extensions", {}, None, ("extensions", "we have one")),
    ("GET", "/v2.0/extensions/nosuch", {}, None, OTHER_TEXT_ID),
    # one port
    ("GET", "/v2.0/ports/VM1", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1/", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1.json", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1.xml", {}, None, ("type message", "pecan takes it for a format; to us it is an unknown id")),
    ("GET", "/v2.0/ports/UPPER", {}, None, CAPITALS_ID),
    ("GET", "/v2.0/ports/UNKNOWN", {}, None, SAME),
    ("GET", "/v2.0/ports/UNKNOWN.json", {}, None, SAME),
    ("GET", "/v2.0/ports/vm1", {}, None, SAME),
    ("GET", "/v2.0/ports/vm%203", {}, None, SAME),
    ("GET", "/v2.0/ports/a%2Fb", {}, None, ("type message", "the escaped slash belongs to the id")),
    ("GET", "/v2.0/ports/a/b", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1/nosuch", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1/tags", {}, None, ("status NeutronError tags", "we keep no tags")),
    ("GET", "/v2.0/ports/%00", {}, None, ("status type message", "refused wherever it stands")),
    ("GET", "/v2.0/ports/%ff", {}, None, ("status type message", "no UTF-8: an id that is not there")),
    ("GET", "/v2.0/ports/VM1?fields=id", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1?fields=id&fields=name", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1?fields=nope", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1?bogus=1", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1?limit=2", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1?limit=x", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1?sort_key=x", {}, None, SAME),
    ("GET", "/v2.0/ports/VM1?sort_key=id&sort_dir=asc", {}, None, SAME),
    # kinds of answers and links
    ("GET", "/v2.0/ports?name=vm1", {"Accept": "*/*"}, None, SAME),
    ("GET", "/v2.0/ports?name=vm1", {"Accept": "application/json;q=0.5, text/plain"}, None, SAME),
    ("GET", "/v2.0/ports?name=vm1", {"Accept": "application/xml"}, None, LENIENT),
    ("GET", "/v2.0/ports?name=vm1", {"X-Forwarded-Proto": "https"}, None, SAME),
    ("GET", "/v2.0/ports?name=vm1", {"X-Forwarded-Proto": "http"}, None, SAME),
    ("GET", "/v2.0/ports?name=vm1", {"If-Match": "revision_number=1"}, None,
        ("status NeutronError ports ports_links", "Neutron 21 answers 500: a condition means nothing to a list")),
]

# Queries of /v2.0/ports.
LISTS = [
    ("", SAME), ("fields=id", SAME), ("fields=id&fields=name", SAME), ("fields=nope", SAME), ("fields=", SAME),
    ("fields=id,name", SAME), ("fields=data_plane_status&name=vm1", SAME), ("fields=tenant_id&name=vm1", SAME),
    ("fields=binding:host_id&name=vm1", SAME), ("id=VM1", SAME), ("id=nope", SAME), ("id=VM1&id=VM2", SAME), ("id=", SAME),
    ("id=UPPER", ("length ports_links", CAPITALS[1])), ("name=vm1", SAME), ("name=VM-1", SAME), ("name=twin", SAME), ("name=", SAME),
    ("name=vm1&name=vm2", SAME), ("name=vm+3", SAME), ("name=vm%203", SAME), ("name=z%C3%BCrich", SAME),
    ("name=%ff", ("status Content-Type body", "no UTF-8: Neutron 21 answers 500")),
    ("name=vm1%00", ("status NeutronError ports ports_links", "refused wherever it stands")),
    ("project_id=blue", SAME), ("tenant_id=blue", SAME), ("tenant_id=red&project_id=blue", SAME),
    ("binding:host_id=compute-7", SAME), ("binding%3Ahost_id=compute-8&name=twin", SAME), ("binding:host_id=", SAME),
    ("binding:host_id=no", SAME), ("data_plane_status=DOWN", OWN_FILTER), ("dp_down=true", OWN_FILTER), ("status=DOWN", NOT_OURS),
    ("network_id=x", NOT_OURS), ("device_id=x", NOT_OURS), ("revision_number=2", NOT_OURS), ("bogus=1", SAME),
    ("bogus=1&other=2", SAME), ("bogus", SAME), ("=", SAME), ("=x", SAME), ("&&", SAME), ("name=vm1&&", SAME),
    # paging
    ("sort_key=id&sort_dir=asc&limit=2", SAME), ("limit=0", SAME), ("limit=1000", SAME), ("limit=1001", SAME), ("limit=7", SAME), ("limit=8", SAME),
    ("limit=-1", SAME), ("limit=abc", SAME), ("limit=", SAME), ("limit=2.5", SAME), ("limit=%202", NUMBERS), ("limit=%2B2", NUMBERS),
    ("limit=1_0", NUMBERS), ("limit=99999999999999999999", NUMBERS), ("sort_key=id&sort_dir=asc&limit=1&limit=3", SAME), ("limit=2&name=twin", SAME),
    ("limit=3&name=twin", SAME), ("limit=1&name=twin&fields=name", SAME), ("limit=2&name=nope", SAME), ("marker=", SAME),
    ("limit=2&marker=nope", SAME), ("limit=2&marker=UNKNOWN", GONE), ("sort_key=name&sort_dir=asc&limit=2&marker=UNKNOWN", SAME), ("limit=2", SAME), ("limit=2&marker=VM1", SAME),
    ("marker=nope", SAME), ("page_reverse=maybe", SAME),
    ("sort_key=id&sort_dir=asc&limit=2&page_reverse=1", SAME), ("page_reverse=", SAME), ("page_reverse=True", SAME), ("limit=2&page_reverse=True&name=nope", SAME),
    # sorting: without it by id
    ("sort_key=id&sort_dir=asc", SAME), ("sort_key=id&sort_dir=desc", SAME), ("sort_key=name&sort_dir=asc", SAME),
    ("sort_key=name&sort_dir=desc", SAME), ("sort_key=tenant_id&sort_dir=asc", SAME), ("sort_key=project_id&sort_dir=desc", SAME),
    ("sort_key=project_id&sort_dir=desc&sort_key=name&sort_dir=asc", SAME), ("sort_key=name", SAME), ("sort_dir=asc", SAME),
    ("sort_key=nope&sort_dir=asc", SAME), ("sort_key=nope&sort_key=nah&sort_dir=asc&sort_dir=asc", SAME),
    ("sort_key=name&sort_dir=up", SAME), ("sort_key=name&sort_dir=ASC", SAME), ("sort_key=data_plane_status&sort_dir=asc", SAME),
    ("sort_key=binding:host_id&sort_dir=asc", SAME), ("sort_key=&sort_dir=", SAME), ("sort_key=status&sort_dir=asc", NOT_OURS),
    ("sort_key=id&sort_dir=asc&limit=2&marker=VM1", SAME), ("sort_key=id&sort_dir=asc&limit=2&marker=VM1&page_reverse=True", SAME),
    ("sort_key=id&sort_dir=asc&limit=7", SAME), ("sort_key=id&sort_dir=asc&marker=VM2", SAME),
    ("sort_key=id&sort_dir=asc&limit=2&marker=UPPER", CAPITALS),
    ("sort_key=id&sort_dir=desc&limit=2&marker=VM2", SAME), ("sort_key=id&sort_dir=asc&limit=2&marker=LAST", SAME),
    ("sort_key=id&sort_dir=asc&limit=2&marker=FIRST&page_reverse=True", SAME), ("sort_key=name&sort_dir=asc&limit=2", SAME),
    ("sort_key=name&sort_dir=asc&limit=2&marker=VM1", SAME), ("sort_key=name&sort_dir=desc&limit=3&marker=VM1", SAME),
    ("sort_key=name&sort_dir=asc&limit=2&marker=VM1&page_reverse=True", SAME),
    ("sort_key=project_id&sort_dir=asc&limit=3&marker=VM2", SAME), ("sort_key=name&sort_dir=asc&limit=3&page_reverse=True", SAME),
]

# Bodies of PUT /v2.0/ports/VM1.
BODIES = [
    (None, SAME), ("", SAME), (" ", SAME), ("{}", SAME), ("[]", SAME), ("null", SAME), ("1", SAME), ('"x"', SAME), ('{"port"', SAME),
    ('{"port":}', SAME), ('{"port":{}}', SAME), ('{"port":null}', SAME), ('{"port":[]}', SAME), ('{"port":"x"}', SAME),
    ('{"port":1}', SAME), ('{"ports":[{"data_plane_status":"DOWN"}]}', SAME), ('{"port":{"data_plane_status":"DOWN"},"ports":[]}', SAME),
    ('{"port":{"data_plane_status":"DOWN"},"x":1}', SAME), ('{"x":1}', SAME),
    ({"data_plane_status": "DOWN"}, SAME), ({"data_plane_status": "DOWN"}, SAME), ({"data_plane_status": "ACTIVE"}, SAME),
    ({"data_plane_status": None}, ("status NeutronError port", "Neutron 21 answers 500, its own fault; port unset needs it")),
    ({"data_plane_status": "down"}, SAME), ({"data_plane_status": "BAD"}, SAME), ({"data_plane_status": ""}, SAME),
    ({"data_plane_status": 1}, SAME), ({"data_plane_status": 1.5}, SAME), ({"data_plane_status": 1e30}, SAME),
    ({"data_plane_status": True}, SAME), ({"data_plane_status": ["DOWN"]}, SAME), ({"data_plane_status": {"a": "b"}}, SAME),
    ({"data_plane_status": [True, None, 1, 2.5, "a'b", 'c"d', "e\nf"]}, SAME), ({"data_plane_status": "\u00e9"}, SAME),
    ({"data_plane_status": "a\"b'c\n"}, SAME),
    ('{"port":{"data_plane_status":"DOWN","data_plane_status":"ACTIVE"}}', ("status NeutronError port", "two values for one name: neither")),
    ('{"port":{"data_plane_status":"ACTIVE"}} x', SAME), (' {"port":{"data_plane_status":"ACTIVE"}}\n', SAME),
    (b'\xef\xbb\xbf{"port":{}}', SAME), (b'{"port":{"data_plane_status":"\xff"}}', ("message", "no UTF-8, so no JSON (RFC 8259, 8.1)")),
    ('{"port":{"data_plane_status":"\\ud800"}}', ("message", "half a surrogate pair is no text")),
    ('{"port":{"data_plane_status":"a\\u0000b"}}', ("message", "NUL in no text of ours")),
    ('{"port":{"data_plane_status":NaN}}', ("message", "NaN is not JSON")),
    ("[" * 3000, ("status type message", "too deep: Neutron 21 answers 500")),
    ({"x": 1}, SAME), ({"status": "DOWN"}, SAME), ({"id": "x"}, SAME), ({"tenant_id": "x"}, SAME), ({"project_id": "x"}, SAME),
    ({"revision_number": 1}, SAME), ({"network_id": "x"}, SAME), ({"created_at": "x"}, SAME), ({"status": "x", "id": "y"}, SAME),
    ({"status": "x", "network_id": "y"}, SAME), ({"x": 1, "status": "y"}, SAME), ({"status": "x", "data_plane_status": "BAD"}, SAME),
    ({"data_plane_status": "BAD", "x": 1}, SAME), ({"name": "vm1"}, MAPS), ({"binding:host_id": "compute-7"}, MAPS),
    ({"name": 1}, ("message", MAPS[1])), ({"mac_address": "x"}, ("message", MAPS[1])),
    ({"dp_down": True}, ("status NeutronError port", "Neutron has not got it")),
    ({"dp_down": False}, ("status NeutronError port", "Neutron has not got it")),
    ({"dp_down": "maybe"}, ("type message", "Neutron has not got it")),
    ({"paths_up": 1}, ("message", "Neutron has not got it")),
    ({"data_plane_status": "ACTIVE"}, SAME),
]

ACTIVE = json.dumps({"port": {"data_plane_status": "ACTIVE"}})
CONDITION = ("message", "revision_number counts toggles here, writes there")
OTHERS = [
    ("PUT", "/v2.0/ports/UNKNOWN", {}, ACTIVE, SAME), ("PUT", "/v2.0/ports/vm1", {}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/UNKNOWN", {}, "", SAME), ("PUT", "/v2.0/ports/UNKNOWN", {}, "{}", SAME),
    ("PUT", "/v2.0/ports/UNKNOWN", {}, '{"port":{}}', SAME), ("PUT", "/v2.0/ports/UNKNOWN", {}, "[]", SAME),
    ("PUT", "/v2.0/ports/UNKNOWN", {}, '{"port":{"data_plane_status":"BAD"}}', SAME),
    ("PUT", "/v2.0/ports/VM1.json", {}, ACTIVE, SAME), ("PUT", "/v2.0/ports/VM1/", {}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/VM1?fields=id", {}, ACTIVE, SAME), ("PUT", "/v2.0/ports/VM1?bogus=1", {}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/UPPER", {}, ACTIVE, CAPITALS_ID),
    ("PUT", "/v2.0/ports/VM1", {"Transfer-Encoding": "chunked"}, "29\r\n" + ACTIVE + "\r\n0\r\n\r\n",
        ("status NeutronError port", "a body in chunks is a body (RFC 9112, 7.1)")),
    ("PUT", "/v2.0/ports/VM1", {"If-Match": "revision_number=99999"}, ACTIVE, CONDITION),
    ("PUT", "/v2.0/ports/VM1", {"If-Match": "revision_number=-1"}, ACTIVE, CONDITION),
    ("PUT", "/v2.0/ports/VM1", {"If-Match": "revision_number=abc"}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/VM1", {"If-Match": "revision_number="}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/VM1", {"If-Match": "revision_number=1,revision_number=2"}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/VM1", {"If-Match": "*"}, ACTIVE, SAME), ("PUT", "/v2.0/ports/VM1", {"If-Match": '"abc"'}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/VM1", {"If-Match": ""}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/UNKNOWN", {"If-Match": "revision_number=1"}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports/UNKNOWN", {"If-Match": "revision_number=abc"}, ACTIVE, SAME),
    ("PUT", "/v2.0/ports", {}, ACTIVE, NO_METHOD), ("DELETE", "/v2.0/ports", {}, None, NO_METHOD),
    ("DELETE", "/v2.0/ports/UNKNOWN", {}, None, NO_METHOD), ("DELETE", "/v2.0/ports/VM1", {}, "{}", NO_METHOD),
    ("PATCH", "/v2.0/ports/VM1", {}, ACTIVE, WORDS), ("PATCH", "/v2.0/ports", {}, "{}", WORDS),
    ("PUT", "/v2.0/", {}, "{}", WORDS), ("POST", "/v2.0/", {}, "{}", WORDS), ("POST", "/", {}, None, OTHER_TEXT),
    ("POST", "/v2.0/ports/VM1", {}, ACTIVE, NO_METHOD),
    ("POST", "/v2.0/extensions", {}, "{}", ("status Content-Type body", OTHER_TEXT[1])),
    ("PUT", "/v2.0/extensions/data-plane-status", {}, "{}", ("status Content-Type body", "Neutron 21 answers 500")),
    ("HEAD", "/v2.0/ports/VM1", {}, None, HEAD), ("HEAD", "/v2.0/ports", {}, None, HEAD), ("HEAD", "/v2.0/", {}, None, HEAD),
    ("HEAD", "/", {}, None, ("status Content-Type X-Openstack-Request-Id", HEAD[1])),
    ("OPTIONS", "/v2.0/ports/VM1", {}, None, ECHO), ("TRACE", "/v2.0/ports/VM1", {}, None, ECHO),
    ("POST", "/v2.0/ports", {}, "", SAME), ("POST", "/v2.0/ports", {}, "{}", SAME), ("POST", "/v2.0/ports", {}, "[]", SAME),
    ("POST", "/v2.0/ports", {}, "{", SAME), ("POST", "/v2.0/ports", {}, '{"port":1}', SAME),
    ("POST", "/v2.0/ports", {}, '{"port":{"network_id":"NETWORK","data_plane_status":"ACTIVE"}}', SAME),
    ("POST", "/v2.0/ports", {}, '{"port":{"data_plane_status":"ACTIVE"}}', NO_METHOD_WORDS),
    ("POST", "/v2.0/ports", {}, '{"port":{"dp_down":true}}', NO_METHOD_WORDS),
    ("POST", "/v2.0/ports", {}, '{"ports":[]}', NO_METHOD_WORDS),
    ("POST", "/v2.0/ports", {}, '{"port":{"x":1}}', NO_METHOD), ("POST", "/v2.0/ports", {}, '{"port":{}}', NO_METHOD),
    ("POST", "/v2.0/ports", {}, '{"port":{"network_id":"UNKNOWN"}}', NO_METHOD),
]
TYPES = ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "multipart/form-data; boundary=x"]


def everything():
    yield from ASKED
    for query, difference in LISTS:
        yield "GET", "/v2.0/ports?" + query, {}, None, difference
    for body, difference in BODIES:
        yield "PUT", "/v2.0/ports/VM1", {}, json.dumps({"port": body}) if isinstance(body, dict) else body, difference
    for kind in TYPES:
        yield "PUT", "/v2.0/ports/VM1", {"Content-Type": kind}, ACTIVE, SAME
    yield from OTHERS


class Sides:
    def __init__(self, neutron, api, token, ids, network):
        self.neutron, self.api, self.token = neutron.port, api.http, token
        first = sorted(ids.values())
        self.words = {"VM1": ids["vm1"], "VM2": ids["vm2"], "UPPER": ids["vm1"].upper(), "UNKNOWN": UNKNOWN, "FIRST": first[0],
            "LAST": first[-1], "NETWORK": network}

    def fill(self, text):
        for word, value in self.words.items():
            text = re.sub(r"\b%s\b" % word, value, text)
        return text

    def compare(self, method, path, headers, body, difference):
        """What is wrong: differences that are not listed, and listed ones that are not there."""
        data = self.fill(body).encode() if isinstance(body, str) else body
        headers = dict({"Content-Type": "application/json"} if data is not None else {}, **headers)
        ours = Answer(self.api, method, self.fill(path), dict(headers, **{"X-Auth-Token": self.token}), data)
        theirs = Answer(self.neutron, method, self.fill(path), dict(headers, **{"X-Auth-Token": "x"}), data)
        listed = set(difference[0].split()) if difference else set()
        found = list(differences(ours, theirs))
        wrong = ["%s: ours %s, Neutron's %s" % (what, str(a)[:200], str(b)[:200]) for what, a, b in found if what not in listed]
        gone = listed - {what for what, _, _ in found}
        return wrong + ["%s: no longer different" % what for what in sorted(gone)]


def side_by_side(folder, tried):
    neutron = real.Neutron(folder + "/side-by-side", page_max=1000)
    api = None
    try:
        status, answer = neutron.ask("POST", "/v2.0/networks", {"network": {"name": "net"}})
        assert status == 201, answer
        network, ports = answer["network"]["id"], []
        for name, project, host in PORTS:
            status, answer = neutron.ask("POST", "/v2.0/ports", {"port": {"network_id": network, "name": name,
                "tenant_id": project, "binding:host_id": host}})
            assert status == 201, answer
            ports.append((name, answer["port"]["id"], project, host))
        api = own_api.Api(folder + "/side-by-side-api", "read", ports)
        sides = Sides(neutron, api, api.token("operator", "--role", "admin"), {p[0]: p[1] for p in ports}, network)
        n, alike = 0, 0
        for case in everything():
            wrong = sides.compare(*case)
            n, alike = n + 1, alike + (case[4] is SAME and not wrong)
            if wrong:
                method, path, headers, body, _ = case
                tried("%s %s %s %s" % (method, path, headers or "", repr(body)[:80] if body else ""), False, "; ".join(wrong))
        tried("%d requests to Neutron and to us: %d answers are the same, %d differ as listed" % (n, alike, n - alike), n > 200)
    finally:
        if api:
            api.end()
        neutron.server.kill()
