"""Serve the built site on this machine alone: `make book`."""

import functools
import sys
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer


class _Handler(SimpleHTTPRequestHandler):
    def log_message(self, format, *arguments):
        """Keep quiet: a line for every picture would push the address off the screen."""


def serve(folder, port):
    """Serve `folder` on 127.0.0.1 at `port` until interrupted; leave with a message if it is taken."""
    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), functools.partial(_Handler, directory=folder))
    except OSError as error:
        sys.exit(f"Cannot serve on port {port} ({error.strerror}). Take another: make book PORT={port + 1}")
    print(
        f"The book: http://127.0.0.1:{server.server_port}/   (stop with Ctrl-C)",
        flush=True,
    )
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
