"""The fence: where a redirect may lead, and what a policy names."""

from __future__ import annotations

from urllib.parse import unquote, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from hub.tunnel.fence import policy, redirect_inside
from protocol.problems import Problem, ProblemCode

PREFIX = "/devices/gw-1"
ASKED = URL(f"https://hub.example.org{PREFIX}/sessions/new?x=1")


@pytest.mark.parametrize(
    ("location", "leads"),
    [
        (f"{PREFIX}/", f"{PREFIX}/"),
        (f"{PREFIX}/sessions/a?done=b&c=%20#d", f"{PREFIX}/sessions/a?done=b&c=%20#d"),
        (f"https://hub.example.org{PREFIX}/x", f"{PREFIX}/x"),
        (f"//hub.example.org{PREFIX}/x", f"{PREFIX}/x"),
        ("a", f"{PREFIX}/sessions/a"),
        ("../files", f"{PREFIX}/files"),
        ("?y=2", f"{PREFIX}/sessions/new?y=2"),
        (f"{PREFIX}/files?back=%2Fetc%5C", f"{PREFIX}/files?back=%2Fetc%5C"),
    ],
)
def test_inside(location: str, leads: str) -> None:
    assert redirect_inside(location, ASKED, PREFIX) == leads


@pytest.mark.parametrize(
    "location",
    [
        "/",
        "/api/people",
        PREFIX,
        f"{PREFIX}-other/",
        "/devices/gw-2/",
        "https://evil.example.org/devices/gw-1/",
        "//evil.example.org/devices/gw-1/",
        f"http://hub.example.org{PREFIX}/",
        f"https://hub.example.org:8443{PREFIX}/",
        f"https://user@evil.example.org{PREFIX}/",
        f"{PREFIX}/../../api/people",
        f"{PREFIX}/%2e%2e/%2E%2e/api/people",
        f"{PREFIX}/.%2e/.%2e/api/people",
        f"{PREFIX}/..\\..\\api\\people",
        f"\\\\evil.example.org{PREFIX}/",
        f"/\t/evil.example.org{PREFIX}/",
        f" {PREFIX}/",
        f"{PREFIX}/\r\nSet-Cookie: a=b",
        f'{PREFIX}/"x"',
        "javascript:alert(1)",
        "data:text/html,x",
        "blob:https://hub.example.org/1",
        "https://[::1/",
        "../../../api/people",
    ],
)
def test_outside(location: str) -> None:
    with pytest.raises(Problem) as caught:
        redirect_inside(location, ASKED, PREFIX)
    assert caught.value.code is ProblemCode.HUB_REFUSED


_PIECES = st.sampled_from(
    [
        "/",
        "//",
        "..",
        ".",
        "%2e",
        "%2E%2E",
        "%2f",
        "\\",
        "devices",
        "gw-1",
        "gw-2",
        "api",
        "?",
        "#",
        ":",
        "@",
        "https:",
        "x",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("".join) | st.text(max_size=40))
def test_whatever_it_says_it_leads_inside_or_nowhere(location: str) -> None:
    try:
        leads = redirect_inside(location, ASKED, PREFIX)
    except Problem:
        return
    # As a browser reads it: dots resolved, encoded ones too.
    path = urlsplit(urljoin(str(ASKED), leads)).path
    assert urlsplit(urljoin(str(ASKED), leads)).netloc == "hub.example.org"
    assert path.startswith(f"{PREFIX}/")
    assert not {".", ".."} & {unquote(piece) for piece in path.split("/")}


def test_the_policy_names_the_device_s_own_paths_alone() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy("https", "hub.example.org", PREFIX).split("; "))
    own = f"https://hub.example.org{PREFIX}/"
    allowed = {own, f"wss://hub.example.org{PREFIX}/", "'none'", "'unsafe-inline'", "data:", "blob:"}
    sandbox = rules.pop("sandbox")
    assert {source for rule in rules.values() for source in rule.split()} <= allowed
    assert rules["default-src"] == own
    assert "'unsafe-inline'" not in rules["script-src"]
    assert (rules["worker-src"], rules["frame-src"], rules["object-src"]) == ("'none'", "'none'", "'none'")
    assert set(sandbox.split()) == {
        "allow-scripts",
        "allow-same-origin",
        "allow-forms",
        "allow-downloads",
        "allow-modals",
    }
