"""What is written for browsers, with and without the prefix below which a hub shows a device."""

from __future__ import annotations

from dataclasses import replace

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from foundation.web.addresses import cookie_path, local_path, url, valid_prefix, without_prefix
from foundation.web.context import PREFIX, AuditNote, Login
from foundation.web.pages.notices import back_to
from foundation.web.routing import AnyRoute
from foundation.web.security.cookies import cookie_name
from foundation.web.site import SITE, Frame, Notice, Pages, Site


class Nobody:
    """An authority that knows nobody."""

    async def identify(self, request: web.Request) -> Login | None:
        return None

    async def admit(self, request: web.Request, route: AnyRoute, login: Login | None) -> None:
        raise AssertionError("nothing is asked for here")

    async def record(self, request: web.Request, route: AnyRoute, result: str, note: AuditNote) -> None:
        raise AssertionError("nothing changes here")


PAGES = Pages(package="webui", frame=lambda _: Frame(), notices={"file-moved": Notice("Moved.")})
SITE_HERE = Site(title="Test", noun="hub", name="test", authority=Nobody(), hosts=frozenset(), pages=PAGES)


def request_below(prefix: str, site: Site = SITE_HERE) -> web.Request:
    app = web.Application()
    app[SITE] = site
    request = make_mocked_request("GET", "/", app=app)
    request[PREFIX] = prefix
    return request


def test_at_the_root_addresses_are_paths() -> None:
    request = request_below("")
    assert (url(request, "/files"), cookie_path(request)) == ("/files", "/")
    assert without_prefix(request, "/files") == "/files"


def test_below_a_prefix_addresses_have_it() -> None:
    request = request_below("/devices/x")
    assert (url(request, "/files"), url(request, "/")) == ("/devices/x/files", "/devices/x/")
    assert cookie_path(request) == "/devices/x"
    assert without_prefix(request, "/devices/x/files") == "/files"
    assert without_prefix(request, "/devices/x") == "/"


@pytest.mark.parametrize("prefix", ["", "/devices/x", "/devices/0f-3.a_b~c"])
def test_prefixes_that_are_paths_are_taken(prefix: str) -> None:
    assert valid_prefix(prefix) == prefix


@pytest.mark.parametrize(
    "prefix", ["/", "devices", "/devices/", "//evil.example", "/a/../b", '/a"b', "/a\r\nX: y", "/ä", "/a" * 9]
)
def test_a_prefix_that_is_none_is_left_out(prefix: str) -> None:
    assert valid_prefix(prefix) == ""


def test_a_change_leads_back_with_its_notice() -> None:
    answer = back_to(request_below("/devices/x"), "/files", "file-moved", path="a&b")
    assert (answer.status, answer.headers["Location"]) == (303, "/devices/x/files?path=a%26b&done=file-moved")
    with pytest.raises(KeyError):
        back_to(request_below(""), "/", "not-a-notice")
    with pytest.raises(KeyError):
        back_to(request_below("", replace(SITE_HERE, pages=None)), "/files", "file-moved")


def test_cookies_are_bound_as_far_as_browsers_let_them() -> None:
    assert cookie_name("hutch", secure=False) == "hutch"
    assert cookie_name("hutch", secure=True) == "__Host-hutch"
    assert cookie_name("hutch", secure=True, path="/devices/x") == "__Secure-hutch"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("/sessions/1?a=b", "/sessions/1?a=b"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/a\\b", "/"),
        ("https://evil.example", "/"),
        ("/a\r\nSet-Cookie: x", "/"),
        ("", "/"),
    ],
)
def test_nobody_is_sent_to_another_site(given: str, kept: str) -> None:
    assert local_path(given) == kept
