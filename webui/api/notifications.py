"""Notifications: a browser asks to be told, is tested, and asks not to be told any more."""

from __future__ import annotations

from aiohttp import hdrs, web

from foundation.web.answers import answer, nothing
from foundation.web.parsing import parse_body
from gateway.notify.types import Browser, PushPlace
from protocol.problems import Problem, ProblemCode
from webui.api.models.notifications import AddedBrowser, BrowserAnswer, BrowsersAnswer, NewBrowser, PushKeyAnswer
from webui.context import device_of, identity_of


async def push_key(request: web.Request) -> web.Response:
    """The key of this device for push services; it is made at its first use."""
    return answer(PushKeyAnswer(key=await device_of(request).notifications.public_key()))


async def list_browsers(request: web.Request) -> web.Response:
    """One's own browsers that are told."""
    return answer(BrowsersAnswer(browsers=[BrowserAnswer.of(one) for one in await own_browsers(request)]))


async def add_browser(request: web.Request) -> web.Response:
    """Tell this browser from now on."""
    body = await parse_body(request, NewBrowser)
    label = request.headers.get(hdrs.USER_AGENT, "")
    added = await device_of(request).notifications.add_browser(
        identity_of(request).person.id, label, PushPlace(endpoint=body.endpoint, keys=body.keys)
    )
    return answer(AddedBrowser(id=added), 201)


async def remove_browser(request: web.Request) -> web.Response:
    """Do not tell one of one's own browsers any more."""
    await device_of(request).notifications.remove_browser((await own_browser(request)).id)
    return nothing()


async def test_browser(request: web.Request) -> web.Response:
    """Tell one of one's own browsers something now."""
    await device_of(request).notifications.test_browser((await own_browser(request)).id)
    return nothing()


async def own_browsers(request: web.Request) -> list[Browser]:
    """The browsers of whoever asks."""
    mine = identity_of(request).person.id
    return [one for one in await device_of(request).notifications.browsers() if one.person_id == mine]


async def own_browser(request: web.Request) -> Browser:
    """The one that the path names. Raises NOT_FOUND, for those of other people, too."""
    wanted = request.match_info["browser_id"]
    for one in await own_browsers(request):
        if str(one.id) == wanted:
            return one
    raise Problem(ProblemCode.NOT_FOUND, "There is no such browser. Look at the list again.")
