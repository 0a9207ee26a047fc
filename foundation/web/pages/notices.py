"""Where a change leads back to, and what the page then says: the address carries a word, a table has the sentence."""

from __future__ import annotations

from urllib.parse import urlencode

from aiohttp import hdrs, web

from foundation.web.addresses import url
from foundation.web.site import Notice, site_of


def see(request: web.Request, path: str) -> web.Response:
    """The answer that sends a browser to ``path`` of this application (303, RFC 9110, 15.4.4)."""
    return web.Response(status=303, headers={hdrs.LOCATION: url(request, path)})


def back_to(request: web.Request, path: str, done: str, /, **query: str) -> web.Response:
    """The redirect after a change, with the word of :attr:`Pages.notices` that the page then shows."""
    pages = site_of(request).pages
    if pages is None or done not in pages.notices:
        raise KeyError(done)
    return see(request, f"{path}?{urlencode({**query, 'done': done})}")


def notice_of(request: web.Request) -> Notice | None:
    """What the page says of the change that led to it."""
    pages = site_of(request).pages
    return pages.notices.get(request.query.get("done", "")) if pages else None
