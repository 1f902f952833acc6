"""The server of bad_source: says which rows there are, a line for each line."""
import contextlib
import socketserver
import threading

EVENTS = 14


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            words = line.split()
            answer = b"OK"
            if words and words[0] == b"ROWS":
                first, most = int(words[1]), int(words[2])
                answer = b"+" * max(0, min(most, EVENTS - first))
            try:
                self.wfile.write(answer + b"\n")
            except OSError:
                return


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """A peer that resets its connection is what the checks are about."""


@contextlib.contextmanager
def serve():
    """Its port."""
    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()
