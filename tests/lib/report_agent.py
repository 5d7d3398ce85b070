#!/usr/bin/env python3
"""An SNMPv3 agent that answers no question: it tells its engine to whom does not know it (RFC 3414, 4), and to all others why
it does not answer, with a Report of one kind. Real agents do these only when something is broken in them.

    report_agent.py ADDRESS PORT KIND       kinds: the keys of KINDS below

It prints "ready" when it listens. The Report that somebody is not in time is signed, as RFC 3414 3.2 (7) has it, for the user
that has the secret "auth monitor" with SHA-256; all others are not, because they come before that or have lost their keys.
With `unknown-engine` it is another engine each time.
"""
import hashlib
import hmac
import socket
import sys

ENGINE = bytes.fromhex("80001f8804") + b"reporter"
SECRET = b"auth monitor"
USM_STATS = [1, 3, 6, 1, 6, 3, 15, 1, 1]
KINDS = {"not-in-time": 2, "unknown-engine": 4, "decryption-error": 6}
NEVER_HEARD_OF = 4  # usmStatsUnknownEngineIDs
DIGEST_LEN = 24     # RFC 7860, usmHMAC192SHA256AuthProtocol
BOOTS, TIME = 7, 100000


# ---- BER ----

def tlv(tag, content):
    n = len(content)
    head = bytes([n]) if n < 128 else bytes([0x82]) + n.to_bytes(2, "big")
    return bytes([tag]) + head + content


def integer(value, tag=0x02):
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value):
    return tlv(0x04, value)


def sequence(*parts):
    return tlv(0x30, b"".join(parts))


def read(data):
    """The first element of data: its content, and what is behind it."""
    n, at = data[1], 2
    if n & 0x80:
        at += n & 0x7f
        n = int.from_bytes(data[2:at], "big")
    return data[at:at + n], data[at + n:]


def list_of(data):
    items = []
    while data:
        item, data = read(data)
        items.append(item)
    return items


# ---- SNMPv3 ----

def localized_key(engine):
    """RFC 3414, A.2, with SHA-256."""
    text = (SECRET * (1048576 // len(SECRET) + 1))[:1048576]
    key = hashlib.sha256(text).digest()
    return hashlib.sha256(key + engine + key).digest()


def message(question, engine, kind, signed):
    """A Report of this kind about a question: its header's items, and those of its security parameters."""
    head, security = question
    flags = b"\x01" if signed else b"\x00"
    oid = tlv(0x06, bytes([43] + USM_STATS[2:] + [kind, 0]))
    report = tlv(0xa8, integer(0) + integer(0) + integer(0) + sequence(sequence(oid, integer(1, 0x41))))

    def with_digest(digest):
        usm = sequence(octets(engine), integer(BOOTS), integer(TIME), octets(security[3]), octets(digest), octets(b""))
        return sequence(integer(3), sequence(tlv(0x02, head[0]), integer(65507), octets(flags), integer(3)), octets(usm),
                        sequence(octets(engine), octets(b""), report))

    if not signed:
        return with_digest(b"")
    whole = with_digest(bytes(DIGEST_LEN))
    return with_digest(hmac.new(localized_key(engine), whole, hashlib.sha256).digest()[:DIGEST_LEN])


def answer(question, kind, n):
    known = len(question[1][0]) > 0
    if kind == "unknown-engine":
        return message(question, ENGINE + n.to_bytes(4, "big"), NEVER_HEARD_OF, False)
    if not known:
        return message(question, ENGINE, NEVER_HEARD_OF, False)
    return message(question, ENGINE, KINDS[kind], kind == "not-in-time")


def main():
    address, port, kind = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.bind((address, port))
    print("ready", flush=True)
    n = 0
    while True:
        data, sender = listening.recvfrom(65535)
        _, head, security, *_ = list_of(read(data)[0])
        n += 1
        listening.sendto(answer((list_of(head), list_of(read(security)[0])), kind, n), sender)


main()
