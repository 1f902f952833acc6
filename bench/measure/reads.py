"""How long a read of one profile takes: one connection, one request after the other, timed from the client's side.

The client is the same loop for Redis and for HTTP; its median for HGETALL is within 10 us of redis-benchmark's.
"""

import gc
import json
import re
import socket
import time

READS = 10_000


class Redis:
    def __init__(self, port, database):
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b"SELECT %d\r\n" % database)
        assert self.socket.recv(100) == b"+OK\r\n"

    def request(self, key):
        key = b"penstock:features_v1:" + key.encode()
        return b"*2\r\n$7\r\nHGETALL\r\n$%d\r\n%s\r\n" % (len(key), key)

    @staticmethod
    def complete(reply):
        # No value of the benchmark's row has a line end.
        head, _, _ = reply.partition(b"\r\n")
        return reply.count(b"\r\n") == 1 + 2 * int(head[1:]) and int(head[1:]) > 0


class Http:
    def __init__(self, address, fields):
        host, port = address
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._host = f"{host}:{port}"
        self._attributes = [f"features_v1:{name}" for name in fields]

    def request(self, key):
        body = json.dumps({"attribute_keys": {"user_id": [key]}, "attributes": self._attributes})
        return (f"POST /api/v1/get-online-attributes HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}").encode()

    @staticmethod
    def complete(reply):
        head, end, body = reply.partition(b"\r\n\r\n")
        if not end:
            return False
        assert head.startswith(b"HTTP/1.1 200 "), reply
        size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        return len(body) >= int(size.group(1))


def latencies(client, keys, going=lambda: True):
    """Microseconds of each read, over and over the keys until there are enough or `going` says no."""
    requests = [client.request(key) for key in keys]
    out = []
    gc.disable()
    try:
        while len(out) < READS and going():
            for request in requests:
                start = time.perf_counter_ns()
                client.socket.sendall(request)
                reply = client.socket.recv(65536)
                if not client.complete(reply):
                    while not client.complete(reply):
                        more = client.socket.recv(65536)
                        assert more, "the server closed the connection"
                        reply += more
                out.append((time.perf_counter_ns() - start) / 1000)
    finally:
        gc.enable()
    return out


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
