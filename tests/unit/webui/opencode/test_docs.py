from __future__ import annotations

import re
from pathlib import Path

from webui.dialects.opencode.routes import ROUTES

DOCUMENT = Path(__file__).parents[4] / "docs" / "opencode.md"


def test_every_route_is_described() -> None:
    described = re.findall(r"^\| (GET|POST|PATCH|DELETE) \| `([^`]+)` \| (.+) \|$", DOCUMENT.read_text(), re.MULTILINE)
    assert described == [(route.method, route.path, route.summary) for route in ROUTES]


def test_every_change_is_for_operators_and_audited() -> None:
    for route in ROUTES:
        assert (route.audit is not None) == (route.method != "GET"), route.path
        assert route.method == "GET" or route.role == "operator", route.path
