"""``python -m webui.describe VERSION`` prints the description of the API (OpenAPI 3.1) as JSON.

The daemon asks a process of its own: it runs without docstrings, which the description is made of, and what making it
takes is given back. See docs/decisions/0013-memory.md.
"""

from __future__ import annotations

import json
import sys

from webui.openapi import describe
from webui.routes import ROUTES


def main(version: str) -> None:
    """Print the description of every route."""
    json.dump(describe(ROUTES, version), sys.stdout, separators=(",", ":"))


if __name__ == "__main__":
    main(sys.argv[1])
