"""The device's pages below a prefix, as a hub shows them: no address leads past it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlencode

import pytest
from aiohttp import web

from gateway.accounts.types import Role
from gateway.conversations.types import ConversationQuery
from tests.integration.webui.rig import PASSWORD, Answered, Rig, running_rig
from tests.unit.gateway.host.keys import ed25519
from webui.pages.routes import PAGE_ROUTES

PREFIX = "/devices/x"
ADDRESSES = {"href", "src", "action", "formaction", "poster", "srcset", "content"}
NOT_AN_ADDRESS = {"data-text"}
"""What the key bar types."""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def below(request: web.Request) -> str:
    del request
    return PREFIX


class Addresses(HTMLParser):
    """Every attribute of a page that begins as a path."""

    def __init__(self) -> None:
        super().__init__()
        self.paths: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            looks = name in ADDRESSES or (name.startswith("data-") and name not in NOT_AN_ADDRESS)
            if looks and value is not None and value.startswith("/"):
                self.paths.append(value)


def paths_in(answered: Answered) -> list[str]:
    page = Addresses()
    page.feed(answered.body.decode())
    location = answered.headers.get("Location")
    return [*page.paths, location] if location else page.paths


def astray(paths: list[str]) -> list[str]:
    return [path for path in paths if path != PREFIX and not path.startswith(f"{PREFIX}/")]


@pytest.fixture
async def shown(tmp_path: Path) -> AsyncIterator[Rig]:
    """A device below the prefix, with something on every page."""
    async with running_rig(tmp_path, prefix_of=below) as rig:
        await rig.add_people()
        await rig.call("POST", "/api/sessions", json={"name": "first"})
        await rig.call("POST", "/api/files/folders", json={"path": "a/b"})
        await rig.device.accounts.create_token(rig.identities[Role.ADMIN].person.id, "backup", None)
        await rig.device.ssh_keys.authorize(ed25519(), "laptop", None)
        await rig.call("POST", "/api/workers", json={"name": "Gardener", "cli": "codex"})
        await rig.call("POST", "/api/conversations", json={"title": "The first frost", "cli": "codex"})
        yield rig


async def get(rig: Rig, path: str) -> Answered:
    return await rig.call("GET", path, role=None, headers={**rig.cookie(), "Accept": "text/html"})


async def addresses(rig: Rig) -> list[str]:
    """Every page, each with something on it."""
    names = {
        "{session_id}": rig.device.sessions.list()[0].id,
        "{worker_id}": (await rig.device.workers.list())[0].id,
        "{conversation_id}": (await rig.device.conversations.list(ConversationQuery())).items[0].id,
    }
    paths = [route.path for route in PAGE_ROUTES if route.method == "GET" and "{name" not in route.path]
    for name, value in names.items():
        paths = [path.replace(name, value) for path in paths]
    return paths


async def test_no_page_has_an_address_without_the_prefix(shown: Rig) -> None:
    wrong, counted = {}, 0
    for path in [
        *await addresses(shown),
        "/files?path=a",
        "/settings/audit?action=x",
        "/nothing-here",
        "/sessions/none",
    ]:
        answered = await get(shown, path)
        assert "{" not in path
        paths = paths_in(answered)
        counted += len(paths)
        if astray(paths):
            wrong[path] = astray(paths)
        if b"<html" in answered.body:
            assert f'data-base="{PREFIX}"'.encode() in answered.body
    assert wrong == {}
    assert counted > 150


async def test_no_redirect_leads_past_the_prefix(shown: Rig) -> None:
    page = {"Accept": "text/html", "Origin": shown.origin}
    stranger = await shown.call("GET", "/files?path=a", role=None, headers=page)
    assert stranger.headers["Location"] == f"{PREFIX}/login?next=/files%3Fpath%3Da"
    sent = urlencode({"username": "admin", "password": PASSWORD, "next": "/files?path=a"})
    logged_in = await shown.call("POST", "/login", role=None, headers={**page, **FORM}, data=sent)
    assert logged_in.headers["Location"] == f"{PREFIX}/files?path=a"
    sent = urlencode({"theme": "dark", "back": "/files"})
    themed = await shown.call("POST", "/theme", role=None, headers={**page, **FORM}, data=sent)
    assert themed.headers["Location"] == f"{PREFIX}/files"
    late = {**page, **FORM, "Referer": f"{shown.origin}{PREFIX}/files?path=a"}
    too_late = await shown.call("POST", "/files/remove", role=None, headers=late, data="target=a")
    assert too_late.headers["Location"] == f"{PREFIX}/login?next=/files"


async def test_cookies_stay_below_the_prefix(shown: Rig) -> None:
    login = {"username": "admin", "password": PASSWORD}
    answered = await shown.call("POST", "/api/auth/login", role=None, json=login)
    assert "Path=/devices/x;" in f"{answered.headers['Set-Cookie']};"
    themed = await shown.call("POST", "/theme", role=None, headers=FORM, data="theme=dark&back=/")
    assert "Path=/devices/x;" in f"{themed.headers['Set-Cookie']};"


async def test_over_https_a_cookie_below_the_prefix_is_still_secure(tmp_path: Path) -> None:
    async with running_rig(tmp_path, lambda device: replace(device, secure_cookies=True), below) as rig:
        await rig.add_people()
        login = {"username": "admin", "password": PASSWORD}
        cookie = (await rig.call("POST", "/api/auth/login", role=None, json=login)).headers["Set-Cookie"]
        assert cookie.startswith("__Secure-hutch_session=")
        sent = {"Cookie": cookie.partition(";")[0]}
        assert (await rig.call("GET", "/api/auth/me", role=None, headers=sent)).status == 200


async def test_the_description_says_where_the_api_is(shown: Rig) -> None:
    assert (await shown.call("GET", "/api/openapi.json")).json["servers"] == [{"url": f"{PREFIX}/"}]
