from __future__ import annotations

import pytest

from gateway.hub_link.address import link_url
from protocol.problems import Problem, ProblemCode


@pytest.mark.parametrize(
    ("hub", "link"),
    [
        ("https://hub.example.org", "wss://hub.example.org/gw/connect"),
        ("https://hub.example.org/", "wss://hub.example.org/gw/connect"),
        ("http://127.0.0.1:9000", "ws://127.0.0.1:9000/gw/connect"),
        ("wss://hub.example.org/gw/connect", "wss://hub.example.org/gw/connect"),
        ("ws://hub/other/path?x=1#part", "ws://hub/other/path?x=1"),
        ("http://[::1]:81", "ws://[::1]:81/gw/connect"),
        ("  https://HUB.example.org  ", "wss://hub.example.org/gw/connect"),
    ],
)
def test_the_link_goes_where_the_person_meant(hub: str, link: str) -> None:
    assert link_url(hub) == link


@pytest.mark.parametrize(
    "hub",
    ["", "hub.example.org", "ftp://hub", "https://", "https://me:secret@hub", "https://hub:99999", "https://[::1"],
)
def test_what_is_no_address_is_refused_without_being_repeated(hub: str) -> None:
    with pytest.raises(Problem) as caught:
        link_url(hub)
    assert caught.value.code is ProblemCode.INVALID_REQUEST
    assert "secret" not in caught.value.message
