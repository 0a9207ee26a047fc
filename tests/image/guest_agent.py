"""Runs in the tested machine, brought there by the settings on the first partition: does what the test asks.

It waits until the system is up, judges it, and says so on the port ``hutch.test``; then it runs commands that come on
that port. One JSON object a line each way.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from pathlib import Path
from typing import BinaryIO

PORT = Path("/dev/virtio-ports/hutch.test")
LARGEST = 200_000


def run(words: list[str], seconds: float) -> dict[str, object]:
    """Run a program; its exit code and what it printed."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=seconds, check=False, errors="replace")
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"code": -1, "out": "", "err": str(error)}
    return {"code": done.returncode, "out": done.stdout[-LARGEST:], "err": done.stderr[-LARGEST:]}


def lines(*words: str) -> list[str]:
    """What a program prints, by lines."""
    return str(run(list(words), 60)["out"]).split("\n")[:-1]


def verdict() -> dict[str, object]:
    """How the system is, in the guest's own judgement."""
    # A unit of its own waits for this one, so the state is not waited for: the page is.
    attempts = Path("/data/hutch-boot/attempts.jsonl").read_text().splitlines()
    release = dict(line.split("=", 1) for line in Path("/etc/hutch-release").read_text().split())
    return {
        "verdict": "up",
        "boot_id": Path("/proc/sys/kernel/random/boot_id").read_text().strip(),
        "slot": Path("/proc/cmdline").read_text().partition("rauc.slot=")[2][:1],
        "version": release["VERSION_ID"],
        "attempts": len(attempts),
        "failed": [line.split()[0] for line in lines("systemctl", "--failed", "--plain", "--no-legend")],
        "data": Path("/run/hutch/data-lost").exists() is False,
    }


def answer(port: BinaryIO) -> None:
    """Answer commands until the other end says nothing more."""
    port.write(json.dumps(verdict()).encode() + b"\n")
    while line := port.readline():
        asked = json.loads(line)
        reply = verdict() if asked.get("ask") == "verdict" else run(asked["run"], asked["seconds"])
        port.write(json.dumps({"id": asked["id"], **reply}).encode() + b"\n")


if __name__ == "__main__":
    while True:
        # Without anybody at the other end the port is at its end at once.
        time.sleep(0.5)
        with contextlib.suppress(OSError), PORT.open("r+b", buffering=0) as opened:
            answer(opened)
