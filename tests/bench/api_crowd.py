"""Clients that mean no good, for scripts/bench-api:  api_crowd.py PORT slow|headers|strangers [CONNECTIONS]
Prints "ready" when all have started, and goes on until it is killed.
"""
import asyncio
import sys

port, kind = int(sys.argv[1]), sys.argv[2]
connections = int(sys.argv[3]) if len(sys.argv) > 3 else 1000


async def connect():
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)


async def slow():
    """One byte a second of a request that never ends; comes back when it is shown the door."""
    while True:
        _, writer = await connect()
        try:
            for byte in b"GET /v2.0/ports HTTP/1.1\r\nHost: x\r\nX-Filler: " + b"x" * 4096:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(1)
        except OSError:
            pass
        writer.close()


async def headers():
    """A MiB of headers, as fast as they are taken."""
    lines = b"".join(b"X-Filler-%d: %s\r\n" % (i, b"x" * 1000) for i in range(1024))
    while True:
        reader, writer = await connect()
        try:
            writer.write(b"GET /healthz HTTP/1.1\r\n" + lines + b"\r\n")
            await writer.drain()
            await reader.read()
        except OSError:
            pass
        writer.close()


async def strangers():
    """Wrong tokens over and over."""
    while True:
        reader, writer = await connect()
        try:
            while True:
                writer.write(b"GET /v2.0/ports HTTP/1.1\r\nHost: x\r\nX-Auth-Token: wrong\r\n\r\n")
                await writer.drain()
                if not await reader.read(4096):
                    break
        except OSError:
            pass
        writer.close()


async def main():
    tasks = [asyncio.create_task({"slow": slow, "headers": headers, "strangers": strangers}[kind]()) for _ in range(connections)]
    await asyncio.sleep(1)
    print("ready", flush=True)
    await asyncio.gather(*tasks)


asyncio.run(main())
