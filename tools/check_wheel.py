"""Try an installed wheel: run ``hutch --help``, start a device, and ask it for its pages and static files.

Run by ``tools/wheel.sh`` with the interpreter of a fresh environment, from a folder outside the checkout; takes that
folder as its argument. Ends with 1 and a sentence when something is missing.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin
from urllib.request import Request, urlopen

PACKAGES = ("protocol", "provisioning", "gateway", "webui", "appliance")
START_SECONDS = 30.0
STOP_SECONDS = 6.0
ASSET = re.compile(r"""(?:src|href)=["'](/static/[^"']+)["']""")


class CheckFailed(Exception):
    """The wheel lacks something; the message says what."""


def check_packages(environment: Path) -> None:
    """Every package comes from the fresh environment, none from a checkout."""
    for name in PACKAGES:
        spec = find_spec(name)
        origin = Path(spec.origin) if spec and spec.origin else None
        if origin is None or environment not in origin.parents:
            raise CheckFailed(f"the package {name} is not in the wheel (found: {origin})")


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def get(url: str) -> tuple[str, bytes]:
    """The content type and body of a page; anything but a success raises."""
    request = Request(url, headers={"Accept": "text/html,*/*"})  # noqa: S310  the address is ours, on loopback
    with urlopen(request, timeout=10) as answer:  # noqa: S310
        return answer.headers.get_content_type(), answer.read()


def wait_for_health(base: str, device: subprocess.Popen[bytes]) -> None:
    """Ask /health until it answers; a device that ends before that is a failure."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if device.poll() is not None:
            raise CheckFailed(f"hutch run ended with {device.returncode} before it answered")
        try:
            _, body = get(f"{base}/health")
        except (URLError, ConnectionError):
            time.sleep(0.1)
            continue
        status = json.loads(body)["status"]
        if status != "healthy":
            raise CheckFailed(f"/health says {status}")
        return
    raise CheckFailed(f"/health did not answer within {START_SECONDS:.0f} s")


def check_pages(base: str) -> int:
    """The first page is HTML, and everything it links to is in the wheel. Returns how many files were read."""
    kind, body = get(f"{base}/")
    if kind != "text/html":
        raise CheckFailed(f"the first page is {kind}, not HTML")
    assets = sorted(set(ASSET.findall(body.decode())))
    if not any(name.endswith(".css") for name in assets):
        raise CheckFailed(f"the first page links to no style sheet: {assets}")
    for name in assets:
        try:
            get(urljoin(base, name))
        except HTTPError as error:
            raise CheckFailed(f"{name} is not in the wheel: {error}") from error
    return len(assets)


def check_device(folder: Path, hutch: Path) -> str:
    """Start a device on a free port, look at it, stop it. Returns a line about what was seen."""
    base = f"http://127.0.0.1:{free_port()}"
    listen = base.removeprefix("http://")
    with (folder / "device.log").open("wb") as log:
        device = subprocess.Popen(
            [hutch, "run", "--data", folder / "data", "--listen", listen], stdout=log, stderr=log, cwd=folder
        )
        try:
            wait_for_health(base, device)
            files = check_pages(base)
            device.send_signal(signal.SIGTERM)
            code = device.wait(STOP_SECONDS)
        finally:
            if device.poll() is None:
                device.kill()
                device.wait()
    if code != 0:
        raise CheckFailed(f"hutch run ended with {code} after SIGTERM")
    return f"the device started, answered, served {files} static files and stopped"


def main() -> int:
    """Run every check; 0 when all passed."""
    folder = Path(sys.argv[1]).resolve()
    environment = Path(sys.prefix).resolve()
    hutch = environment / "bin" / "hutch"
    try:
        check_packages(environment)
        subprocess.run([hutch, "--help"], check=True, stdout=subprocess.DEVNULL, cwd=folder, timeout=30)
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
