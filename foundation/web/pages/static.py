"""The built scripts and styles. Their names hold their hash, so browsers may keep them for ever."""

from __future__ import annotations

import re

from aiohttp import hdrs, web

from foundation.web.pages.rendering import ASSETS
from protocol.problems import Problem, ProblemCode

_NAME = re.compile(r"assets/[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.(js|css|svg|png|woff2)")


async def static(request: web.Request) -> web.StreamResponse:
    """GET /static/{name}: one file of the build. Raises NOT_FOUND for every name a build cannot have made."""
    name = request.match_info["name"]
    if _NAME.fullmatch(name) is None:
        raise Problem(ProblemCode.NOT_FOUND, "There is no such file. Reload the page.")
    headers = {hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable"}
    return web.FileResponse(request.app[ASSETS].folder / name, headers=headers)
