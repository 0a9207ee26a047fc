"""Try an installed wheel: the commands, and a device with its pages, static files and a session.

Run by ``tools/wheel.sh`` with the interpreter of a fresh environment, from a folder outside the checkout; takes that
folder as its argument. Ends with 1 and a sentence when something is missing.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

FILES = (
    "foundation/store/alembic_env.py",
    "gateway/sessions/pass_descriptor.py",
    "gateway/store/migrations/env.py",
    "protocol/schema/commands.json",
    "foundation/web/static/manifest.json",
    "foundation/web/templates/base.html",
    "webui/templates/session.html",
)
"""Files that are read or run by their path, which an import would not miss."""
STRAY = ("tests", "bench", "tools", "webui/frontend")
PACKAGES = ("protocol", "foundation", "provisioning", "gateway", "webui", "hub", "appliance")
START_SECONDS = 30.0
STOP_SECONDS = 6.0
SESSION_SECONDS = 20.0
CODE = re.compile(r"setup code ([A-Z0-9-]+)")
ASSET = re.compile(r"""(?:src|href)=["'](/static/[^"']+)["']""")


class CheckFailed(Exception):
    """The wheel lacks something; the message says what."""


def check_packages(environment: Path) -> None:
    """Every package comes from the fresh environment, none from a checkout, and with all its files."""
    for name in PACKAGES:
        spec = find_spec(name)
        origin = Path(spec.origin) if spec and spec.origin else None
        if origin is None or environment not in origin.parents:
            raise CheckFailed(f"the package {name} is not in the wheel (found: {origin})")
    site = Path(sysconfig.get_path("purelib"))
    missing = [name for name in FILES if not (site / name).is_file()]
    if missing:
        raise CheckFailed(f"not in the wheel: {', '.join(missing)}")
    stray = [name for name in STRAY if (site / name).exists()]
    if stray:
        raise CheckFailed(f"in the wheel, and should not be: {', '.join(stray)}")


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Visitor:
    """Somebody at the device's page, with a token once there is one."""

    base: str
    token: str = ""

    def get(self, path: str) -> tuple[str, bytes]:
        """The content type and body of a page; anything but a success raises."""
        return self._ask("GET", path, None)

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, object]:
        """The JSON object that answers a request."""
        _, answer = self._ask(method, path, json.dumps(body).encode() if body is not None else None)
        found: dict[str, object] = json.loads(answer or b"{}")
        return found

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[str, bytes]:
        headers = {"Accept": "text/html,*/*", "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        # The address is ours, on loopback.
        request = Request(urljoin(self.base, path), data=body, headers=headers, method=method)  # noqa: S310
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return answer.headers.get_content_type(), answer.read()


def wait_for_health(visitor: Visitor, device: subprocess.Popen[bytes]) -> None:
    """Ask /health until it answers; a device that ends before that is a failure."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if device.poll() is not None:
            raise CheckFailed(f"hutch run ended with {device.returncode} before it answered")
        try:
            health = visitor.send("GET", "/health")
        except (URLError, ConnectionError):
            time.sleep(0.1)
            continue
        if health["status"] != "healthy":
            raise CheckFailed(f"/health says {health}")
        return
    raise CheckFailed(f"/health did not answer within {START_SECONDS:.0f} s")


def claim(visitor: Visitor, log: Path) -> Visitor:
    """Make the device ours with the code it printed."""
    code = CODE.search(log.read_text())
    if code is None:
        raise CheckFailed("the device printed no setup code")
    person = {"code": code[1], "username": "owner", "password": base64.b64encode(os.urandom(18)).decode()}
    return Visitor(visitor.base, str(visitor.send("POST", "/api/setup", person)["access_token"]))


def page_paths() -> list[str]:
    """Every page that needs nothing but its path, from the installed route table."""
    from webui.pages.routes import PAGE_ROUTES

    return [route.path for route in PAGE_ROUTES if route.kind == "page" and "{" not in route.path]


def check_pages(visitor: Visitor) -> str:
    """Every page is rendered, and everything it links to is in the wheel. Returns a line about what was read."""
    assets: set[str] = set()
    pages = page_paths()
    for path in pages:
        kind, body = visitor.get(path)
        if kind == "text/html":
            assets |= set(ASSET.findall(body.decode()))
    if not any(name.endswith(".css") for name in assets):
        raise CheckFailed(f"no page links to a style sheet: {sorted(assets)}")
    for name in sorted(assets):
        try:
            visitor.get(name)
        except HTTPError as error:
            raise CheckFailed(f"{name} is not in the wheel: {error}") from error
    return f"{len(pages)} pages and {len(assets)} static files"


def check_session(visitor: Visitor) -> None:
    """A shell starts in tmux, and what is typed into it is answered on its screen."""
    session = visitor.send("POST", "/api/sessions", {"name": "wheel"})
    path = f"/api/sessions/{session['id']}"
    typed = base64.b64encode(b"echo from-$((6 * 7))\r").decode()
    visitor.send("POST", f"{path}/input", {"data": typed})
    deadline = time.monotonic() + SESSION_SECONDS
    while "from-42" not in str(visitor.send("GET", f"{path}/snapshot")["content"]):
        if time.monotonic() > deadline:
            raise CheckFailed("the shell in the session did not answer")
        time.sleep(0.1)
    visitor.send("DELETE", path)


def check_device(folder: Path, hutch: Path) -> str:
    """Start a device on a free port, look at it, stop it. Returns a line about what was seen."""
    visitor = Visitor(f"http://127.0.0.1:{free_port()}")
    data = ["--data", str(folder / "data")]
    listen = ["--listen", visitor.base.removeprefix("http://")]
    environ = {**os.environ, "HOME": str(folder), "HUTCH_SHELL": "/bin/sh"}
    log = folder / "device.log"
    with log.open("wb") as output:
        device = subprocess.Popen([hutch, "run", *data, *listen], stdout=output, stderr=output, cwd=folder, env=environ)
        try:
            wait_for_health(visitor, device)
            owner = claim(visitor, log)
            seen = check_pages(owner)
            check_session(owner)
            subprocess.run([hutch, "status", *data], check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=30)
            device.send_signal(signal.SIGTERM)
            code = device.wait(STOP_SECONDS)
        finally:
            if device.poll() is None:
                device.kill()
                device.wait()
    if code != 0:
        raise CheckFailed(f"hutch run ended with {code} after SIGTERM")
    return f"the device started, showed {seen}, ran a session and stopped"


def main() -> int:
    """Run every check; 0 when all passed."""
    folder = Path(sys.argv[1]).resolve()
    environment = Path(sys.prefix).resolve()
    hutch = environment / "bin" / "hutch"
    try:
        check_packages(environment)
        subprocess.run([hutch, "--help"], check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=30)
        doctor = [str(hutch), "doctor", "--data", str(folder / "data")]
        subprocess.run(doctor, check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=60)
        line = check_device(folder, hutch)
    except (CheckFailed, subprocess.SubprocessError, OSError) as error:
        sys.stderr.write(f"wheel: {error}\n")
        log = folder / "device.log"
        if log.exists():
            sys.stderr.write(log.read_text(errors="replace")[-4000:])
        return 1
    sys.stdout.write(f"wheel: {line}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
