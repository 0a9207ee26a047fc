"""The release folders of an installation by install.sh."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout

if TYPE_CHECKING:
    from appliance.updates.folders.places import Places

UNITS: Final = Path("/etc/systemd/system")
_NAMES: Final = ("hutch.service", "hutch-agents.service", "hutch-agents.socket", "hutch-factory-reset.service")


def check(settings: Settings, _layout: Layout) -> Finding:
    """It is whole, has a key that updates are checked with, and its units are those of the release that runs."""
    # Loaded here: every command imports this table of checks, and few look.
    from appliance.updates.choose import from_release_folder
    from appliance.updates.folders.places import Places

    if not from_release_folder(settings.releases):
        return Finding(Verdict.SKIP, "this is no installation by install.sh")
    return judge(Places(settings.releases), settings.release_keys, Path(sys.prefix) / "share" / "packaging", UNITS)


def judge(places: Places, keys: Path, brought: Path, installed: Path) -> Finding:
    """What is wrong with it first, then what could be better."""
    from appliance.updates.folders.signature import trusted_keys

    current = places.led_to("current")
    if current is None:
        return Finding(Verdict.FAIL, f"{places.top}/current leads to no release. Run install.sh again.")
    if places.tried():
        return Finding(Verdict.WARN, f"version {current.version} is being tried, and not yet kept")
    if not trusted_keys(keys):
        return Finding(Verdict.WARN, f"There is no key in {keys}: no update is taken. Run install.sh again.")
    if other := [name for name in _NAMES if _text(brought / name) != _text(installed / name)]:
        return Finding(
            Verdict.WARN,
            f"{other[0]} is not the one of version {current.version}. Run that release's install.sh to renew it.",
        )
    return Finding(Verdict.OK, f"version {current.version} in slot {current.slot}")


def _text(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
