"""A package registry on loopback that knows one small package, for the real npm: no network is used."""

from __future__ import annotations

import base64
import hashlib
import http.server
import io
import json
import tarfile
import threading
from urllib.parse import unquote

from gateway.agents.cli import AgentCli

PROGRAM = r"""#!/usr/bin/env node
const { version } = require('./package.json');
if (process.argv.includes('--version')) {
  console.log(version);
} else {
  const out = process.stdout;
  const screen = () => `Small ${version}\r\n┌──┐ 日本 ${out.columns}x${out.rows}\r\n`;
  const draw = () => out.write(`\x1b[?1049h\x1b[2J\x1b[H${screen()}`);
  out.on('resize', draw);
  process.stdin.setRawMode(true);
  process.stdin.on('data', (keys) => {
    if (!keys.includes(3)) return;
    out.write('\x1b[?1049l');
    process.exit(0);
  });
  draw();
}
"""


class Registry:
    """Serves what npm asks for (https://github.com/npm/registry, package metadata and tarballs)."""

    def __init__(self, cli: AgentCli) -> None:
        self._cli = cli
        self._tarball = _packed(cli)
        self._published = threading.Event()
        registry = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = registry.answer(unquote(self.path))
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                self.wfile.write(body or b"")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def publish(self) -> None:
        """From now on the package is there; until then nobody here has heard of it."""
        self._published.set()

    def answer(self, path: str) -> bytes | None:
        """What stands at a path; None for nothing."""
        if not self._published.is_set():
            return None
        if path == "/tarball.tgz":
            return self._tarball
        return self._metadata() if path == f"/{self._cli.package}" else None

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _metadata(self) -> bytes:
        digest = base64.b64encode(hashlib.sha512(self._tarball).digest()).decode()
        version = {
            **_manifest(self._cli),
            "dist": {"tarball": f"{self.url}/tarball.tgz", "integrity": f"sha512-{digest}"},
        }
        return json.dumps(
            {
                "name": self._cli.package,
                "dist-tags": {"latest": self._cli.version},
                "versions": {self._cli.version: version},
            }
        ).encode()


def _manifest(cli: AgentCli) -> dict[str, object]:
    return {"name": cli.package, "version": cli.version, "bin": {cli.binary: "cli.js"}}


def _packed(cli: AgentCli) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for name, text in (("package.json", json.dumps(_manifest(cli))), ("cli.js", PROGRAM)):
            member = tarfile.TarInfo(f"package/{name}")
            member.size, member.mode = len(text.encode()), 0o755
            archive.addfile(member, io.BytesIO(text.encode()))
    return target.getvalue()
