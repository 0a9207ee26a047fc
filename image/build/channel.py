"""The channel file of a release, for the web server that devices ask (docs/updates.md)."""

from __future__ import annotations

import json

from image.build.manifest import Measured


def offer(version: str, name: str, bundle: Measured, manifest: str) -> str:
    """The file for a bundle that lies beside it as ``name``; ``manifest`` is the hash of what was signed (hex).

    With that hash in the address, devices fetch only what they lack; without it they check the SHA-256 of the whole.
    """
    told = {
        "version": version,
        "url": f"{name}#manifest={manifest}",
        "sha256": bundle.sha256,
        "size": bundle.size,
        "notes": "",
    }
    return json.dumps(told, indent=2) + "\n"
