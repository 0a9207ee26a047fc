"""``make fleet``: a hub and three devices on this machine, claimed, with the page open; ends with Ctrl-C.

Everything lies in ``var/fleet``; the second start finds it as the first one left it.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

NAMES = ("kitchen", "attic", "office")
OWNER = "owner"
START_SECONDS = 60.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Start everything and wait; the exit code."""
    parser = argparse.ArgumentParser(prog="make fleet", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("var/fleet"))
    parser.add_argument("--port", type=int, default=8090, help="of the hub; the devices take the next three")
    parser.add_argument("--no-browser", action="store_true")
    options = parser.parse_args(arguments)
    data: Path = options.data.absolute()
    data.mkdir(parents=True, exist_ok=True)
    processes: list[subprocess.Popen[bytes]] = []
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        return _run(data, options.port, processes, browse=not options.no_browser)
    except KeyboardInterrupt:
        return 0
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in reversed(processes):
            process.wait()


def _run(data: Path, port: int, processes: list[subprocess.Popen[bytes]], *, browse: bool) -> int:
    url = f"http://127.0.0.1:{port}"
    for one in range(port, port + 1 + len(NAMES)):
        _refuse_taken(one)
    password = _make_owner(data)
    processes.append(_hutch("hub", "--data", data / "hub", "--listen", f"127.0.0.1:{port}", "--public-url", url))
    _wait(f"{url}/health", processes[0])
    bearer = str(_ask(url, "/api/auth/login", {"username": OWNER, "password": password})["access_token"])
    token = _batch(url, bearer)
    for number, name in enumerate(NAMES, start=1):
        # The token goes by the environment: other users of the machine can read arguments.
        process = _hutch(
            "run",
            "--data",
            data / name,
            "--listen",
            f"127.0.0.1:{port + number}",
            "--hub",
            url,
            token=token,
        )
        processes.append(process)
        _wait(f"http://127.0.0.1:{port + number}/health", process)
    _wait_online(url, bearer)
    sys.stdout.write(f"\n  The hub is at {url}. Log in as {OWNER} with the password {password}\n\n")
    sys.stdout.flush()
    if browse:
        webbrowser.open(url)
    return processes[0].wait()


def _refuse_taken(port: int) -> None:
    """What answers there already would be taken for ours."""
    with socket.socket() as probe:
        # What was closed a moment ago is free (socket(7)).
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SystemExit(f"port {port} cannot be used ({error.strerror}): choose others with --port") from None


def _make_owner(data: Path) -> str:
    """The password of the one person, made at the first start."""
    file = data / "password"
    if file.exists():
        return file.read_text(encoding="utf-8")
    password = secrets.token_urlsafe(12)
    command = [*_command("hub", "user", "add", OWNER, "--administrator", "--organisation", "Home")]
    command += ["--password-stdin", "--data", str(data / "hub")]
    subprocess.run(command, input=f"{password}\n".encode(), check=True)
    file.touch(mode=0o600)
    file.write_text(password, encoding="utf-8")
    return password


def _wait_online(url: str, bearer: str) -> None:
    """Until the hub has all devices on the line, or for as long as anything may take: the page shows how it stands."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        devices = _ask(url, "/api/devices", None, bearer)["devices"]
        if isinstance(devices, list) and sum(bool(device["online"]) for device in devices) >= len(NAMES):
            return
        time.sleep(0.1)


def _batch(url: str, bearer: str) -> str:
    """A token with which the devices are claimed as they come."""
    groups = _ask(url, "/api/groups", None, bearer)["groups"]
    if not isinstance(groups, list) or not groups:
        raise SystemExit("the hub has no group: remove var/fleet and start again")
    expires = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    wish = {"group_id": groups[0]["id"], "label": "make fleet", "max_uses": len(NAMES), "expires_at": expires}
    made = _ask(url, "/api/batches", wish, bearer)
    return str(made["token"])


def _ask(url: str, path: str, body: object, bearer: str = "") -> dict[str, object]:
    request = urllib.request.Request(url + path, None if body is None else json.dumps(body).encode())  # noqa: S310
    request.add_header("Content-Type", "application/json")
    if bearer:
        request.add_header("Authorization", f"Bearer {bearer}")
    with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
        answer: dict[str, object] = json.load(response)
        return answer


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "appliance.cli.main", *(str(word) for word in words)]


def _hutch(*words: object, token: str = "") -> subprocess.Popen[bytes]:
    environment = {**os.environ, "HUTCH_HUB_TOKEN": token} if token else dict(os.environ)
    return subprocess.Popen(_command(*words), env=environment)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    """Until it answers; another program cannot tell when, so it is asked again and again."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"what should answer at {address} has ended; see above")
        try:
            with urllib.request.urlopen(address, timeout=5):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise SystemExit(f"nothing answers at {address}")


if __name__ == "__main__":
    sys.exit(main())
