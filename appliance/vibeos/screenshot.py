"""``vibeos-screenshot [FILE]``: save a picture of the session's terminal, into ``shared/`` where that folder is."""

from __future__ import annotations

import sys
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from urllib.parse import quote

from appliance.vibeos.client import Device, Failed, run

USAGE = "usage: vibeos-screenshot [FILE.png]"
SHARED = Path("shared")
"""The folder that a VibeOS container shares with its machine; scripts look there."""


def save(device: Device, words: list[str]) -> int:
    """Save the picture; 2 for more than one name."""
    if len(words) > 1 or words[:1] in (["-h"], ["--help"]):
        sys.stderr.write(f"{USAGE}\n")
        return 2
    path = Path(words[0] if words else "screenshot.png")
    if path.name == str(path) and SHARED.is_dir():
        path = SHARED / path
    picture = device.ask("GET", f"/hutch/screenshot?session={quote(device.session)}")
    try:
        path.write_bytes(picture)
    except OSError as error:
        raise Failed(f"{path} cannot be written: {error.strerror}. Choose another file.") from None
    sys.stdout.write(f"{path}\n")
    return 0


def main() -> int:
    """The command."""
    return run(save)


if __name__ == "__main__":
    sys.exit(main())
