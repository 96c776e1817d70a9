"""Serve a folder on this machine alone: the built site for `make book`, and pages for tests and benchmarks."""

import functools
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, *arguments: object, policy: str | None, **options: object) -> None:
        self.policy = policy
        super().__init__(*arguments, **options)

    def end_headers(self) -> None:
        """Add the policy, and let no browser keep a page that the next build may change."""
        if self.policy:
            self.send_header("Content-Security-Policy", self.policy)
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *arguments: object) -> None:
        """Keep quiet: a line for every picture would push the address off the screen."""


def _server(folder: Path | str, port: int, policy: str | None = None) -> ThreadingHTTPServer:
    handler = functools.partial(_Handler, directory=str(folder), policy=policy)
    return ThreadingHTTPServer(("127.0.0.1", port), handler)


@contextmanager
def serving(folder: Path | str, policy: str | None = None) -> Iterator[str]:
    """Serve a folder while a block runs; yield its address, without a slash at the end.

    Args:
        folder: what is served.
        policy: a Content-Security-Policy that is sent with every file, or None.
    """
    server = _server(folder, 0, policy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def serve(folder: str, port: int) -> None:
    """Serve a folder at `port` until interrupted; leave with a message if the port is taken."""
    try:
        server = _server(folder, port)
    except OSError as error:
        sys.exit(f"Cannot serve on port {port} ({error.strerror}). Take another: make book PORT={port + 1}")
    print(f"The book: http://127.0.0.1:{server.server_port}/   (stop with Ctrl-C)", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        print()
    finally:
        server.server_close()


if __name__ == "__main__":
    folder, port = sys.argv[1:]
    if not (port.isdecimal() and int(port) < 2**16):
        sys.exit(f"PORT must be a number from 0 to 65535, got {port!r}")
    serve(folder, int(port))
