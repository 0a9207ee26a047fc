"""A web server for the guest, which finds this machine at 10.0.2.2; it answers ranges, as streaming an update needs."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GUEST_S_VIEW = "10.0.2.2"
_BLOCK = 65536


class Files:
    """Serves single files by name; counts the bytes of their contents that were sent."""

    def __init__(self) -> None:
        self.sent = 0
        self.served: dict[str, Path] = {}
        self._cuts: dict[str, int] = {}
        files = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_HEAD(self) -> None:
                self._answer(body=False)

            def do_GET(self) -> None:
                self._answer(body=True)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                return

            def _answer(self, *, body: bool) -> None:
                file = files.served.get(self.path.lstrip("/"))
                if file is None:
                    self.send_error(404)
                    return
                size = file.stat().st_size
                first, last = span(self.headers.get("Range"), size)
                part = (first, last) != (0, size - 1)
                self.send_response(206 if part else 200)
                self.send_header("Accept-Ranges", "bytes")
                # Strong, as a download that goes on needs one (RFC 9110, 13.1.5); no file here changes.
                self.send_header("ETag", f'"{file.name}-{size}"')
                self.send_header("Content-Length", str(last - first + 1))
                if part:
                    self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
                self.end_headers()
                if body:
                    self._send(file, first, last)

            def _send(self, file: Path, first: int, last: int) -> None:
                with file.open("rb") as opened:
                    opened.seek(first)
                    left = last - first + 1
                    if (cut := files.take_cut(file.name)) is not None:
                        left = min(left, cut)
                        self.close_connection = True
                    while left and (block := opened.read(min(left, _BLOCK))):
                        try:
                            self.wfile.write(block)
                        except OSError:
                            return
                        left -= len(block)
                        files.sent += len(block)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def url(self, file: Path) -> str:
        """Where the guest finds a file."""
        self.served[file.name] = file
        return f"http://{GUEST_S_VIEW}:{self._server.server_address[1]}/{file.name}"

    def cut(self, file: Path, after: int) -> None:
        """Break the connection once, when this many bytes of a file were sent."""
        self._cuts[file.name] = after

    def take_cut(self, name: str) -> int | None:
        """After how many bytes the connection breaks this time; None for never."""
        return self._cuts.pop(name, None)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def span(header: str | None, size: int) -> tuple[int, int]:
    """The first and last byte asked for (RFC 9110, one range)."""
    found = re.fullmatch(r"bytes=(\d+)-(\d*)", header or "")
    if found is None:
        return 0, size - 1
    return int(found[1]), min(int(found[2] or size - 1), size - 1)
