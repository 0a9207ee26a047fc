"""The support bundle: what somebody who helps wants to see, without any secret. Blocks.

Nothing of the store is in it, nor of sessions, conversations and people's files. Every text goes through
:mod:`appliance.care.redact` before it is written.
"""

from __future__ import annotations

import io
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import BinaryIO, Final

from appliance.care.redact import Redactor, secrets_of, settings_text, tail
from appliance.checks import checks_for
from appliance.checks.running import run_checks
from appliance.checks.types import Use
from appliance.checks.units import RUNNING
from appliance.config import Settings
from appliance.layout import Layout
from appliance.updates.folders.places import Places
from appliance.version import VERSION

_LARGEST: Final = 4 * 1024**2
"""Bytes of one file of the bundle at most; of longer ones the end."""
_SECONDS: Final = 60.0
_JOURNAL: Final = ("hutch", "hutch-agents", "hutch-boot-check", "hutch-factory-reset", "rauc")
_RESETS: Final = Path("/var/log/hutch-factory-reset.log")


def write_support(target: BinaryIO, settings: Settings, layout: Layout) -> None:
    """Write the bundle, a tar.gz. What cannot be found out stands in it as the reason why not."""
    redactor = Redactor(secrets_of(settings, layout))
    top = f"hutch-support-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    with tarfile.open(fileobj=target, mode="w|gz") as archive:
        for name, content in _texts(settings, layout):
            data = redactor.clean(_said(content)).encode(errors="replace")[-_LARGEST:]
            info = tarfile.TarInfo(f"{top}/{name}")
            info.size, info.mtime = len(data), int(time.time())
            archive.addfile(info, io.BytesIO(data))


def _texts(settings: Settings, layout: Layout) -> Iterator[tuple[str, Callable[[], str]]]:
    yield "about.json", lambda: json.dumps(_about(layout), indent=1)
    yield "packages.txt", _packages
    yield "settings.json", lambda: settings_text(settings)
    yield "doctor.txt", lambda: _doctor(settings, layout)
    for name in ("state.json", "rollback.json"):
        yield f"updates/{name}", _end_of(layout.updates / name)
    yield "updates/releases.txt", lambda: _releases(Places(settings.releases))
    for path in sorted((settings.releases / "state").glob("*")):
        yield f"updates/{path.name}", _end_of(path)
    for name in ("attempts.jsonl", "verdict.json"):
        yield f"boot/{name}", _end_of(settings.boot_folder / name)
    for path in sorted((settings.boot_folder / "pstore").rglob("*"))[:20]:
        yield f"boot/pstore/{path.name}", _end_of(path)
    if _RESETS.exists():
        yield "boot/factory-reset.log", _end_of(_RESETS)
    if RUNNING.exists():
        units = [word for unit in _JOURNAL for word in ("-u", unit)]
        yield "journal.txt", _output("journalctl", "--no-pager", "-n", "20000", "-o", "short-iso", *units)
        yield "units.txt", _output("systemctl", "--no-pager", "--failed")
    yield "processes.txt", _output("ps", "-eo", "pid,user,rss,etimes,comm")
    yield "disks.txt", _output("df", "-h")
    yield "addresses.txt", _output("ip", "-brief", "address")


def _said(content: Callable[[], str]) -> str:
    try:
        return content()
    except Exception as error:
        # Whatever is wrong with a device, the rest of the bundle is wanted the more.
        return f"This could not be found out: {type(error).__name__}: {error}"


def _about(layout: Layout) -> dict[str, object]:
    release = Path("/etc/hutch-release")
    usage = shutil.disk_usage(layout.data if layout.data.is_dir() else "/")
    return {
        "hutch": VERSION,
        "image": release.read_text()[:4000] if release.exists() else None,
        "python": sys.version,
        "prefix": sys.prefix,
        "system": platform.freedesktop_os_release().get("PRETTY_NAME"),
        "kernel": platform.release(),
        "machine": platform.machine(),
        "host": platform.node(),
        "made_at": datetime.now(UTC).isoformat(),
        "uptime_seconds": time.clock_gettime(time.CLOCK_BOOTTIME),
        "load": os.getloadavg(),
        "data_free_bytes": usage.free,
        "data_bytes": usage.total,
        "data_files": sorted(path.name for path in layout.data.iterdir()) if layout.data.is_dir() else [],
    }


def _packages() -> str:
    return "\n".join(sorted({f"{one.metadata['Name']} {one.version}" for one in distributions()}))


def _doctor(settings: Settings, layout: Layout) -> str:
    ran = run_checks(checks_for(Use.DOCTOR), settings, layout)
    return "\n".join(f"{one.finding.verdict} {one.check.name}: {one.finding.text}" for one in ran)


def _releases(places: Places) -> str:
    links = {name: places.led_to(name) for name in ("current", "previous", "next")}
    lines = [f"{name}: {release.version} (slot {release.slot})" for name, release in links.items() if release]
    return "\n".join(lines) or "there are no release folders"


def _end_of(path: Path) -> Callable[[], str]:
    return lambda: tail(path, _LARGEST)


def _output(*command: str) -> Callable[[], str]:
    def run() -> str:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)
        return (done.stdout + done.stderr)[-_LARGEST:].decode(errors="replace")

    return run
