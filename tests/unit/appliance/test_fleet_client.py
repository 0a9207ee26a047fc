from __future__ import annotations

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from appliance.cli.fleet.account import Access
from appliance.cli.fleet.client import Page, connected


class Letters(Page):
    letters: list[str]


async def one_letter(request: web.Request) -> web.Response:
    """A list that never gives more than one at a time."""
    assert request.query["q"] == "x"
    last = request.query.get("after", "")
    letter = chr(ord(last) + 1) if last else "a"
    return web.json_response({"letters": [letter], "next": letter if letter < "c" else None})


async def test_a_list_is_read_to_its_end() -> None:
    app = web.Application()
    app.router.add_get("/api/letters", one_letter)
    async with TestServer(app) as server, connected(Access(url=str(server.make_url("")), token=SecretStr(""))) as hub:
        pages = [page.letters async for page in hub.pages("/api/letters", Letters, {"q": "x"})]
    assert pages == [["a"], ["b"], ["c"]]
