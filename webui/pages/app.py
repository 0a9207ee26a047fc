"""What makes the pages an application that a phone installs: its manifest and its service worker.

Both stand at the root of the pages, because a worker serves what lies below its own address. Nothing is cached by it:
a device's pages are only good while the device is there.
"""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web

from foundation.web.addresses import url
from foundation.web.pages.rendering import ASSETS
from protocol.problems import Problem, ProblemCode
from webui.context import device_of

WORKER = "src/worker/service-worker.ts"
_ICONS = ((192, "any"), (512, "any"), (512, "maskable"))


async def manifest(request: web.Request) -> web.Response:
    """GET /manifest.webmanifest (Web Application Manifest, W3C)."""
    assets, home = request.app[ASSETS], url(request, "/")
    icons = [
        {
            "src": url(request, assets.url(f"src/assets/icon-{size}.png")),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": purpose,
        }
        for size, purpose in _ICONS
    ]
    body = {
        "id": home,
        "name": f"Hutch on {device_of(request).name}",
        "short_name": device_of(request).name,
        "start_url": home,
        "scope": home,
        "display": "standalone",
        "background_color": "#161310",
        "theme_color": "#161310",
        "icons": icons,
        "shortcuts": [{"name": "New conversation", "url": url(request, "/conversations/new")}],
    }
    return web.json_response(body, content_type="application/manifest+json")


async def service_worker(request: web.Request) -> web.StreamResponse:
    """GET /service-worker.js. Raises NOT_FOUND without a build."""
    assets = request.app[ASSETS]
    script = assets.entry(WORKER).script
    if script is None:
        raise Problem(ProblemCode.NOT_FOUND, "The pages are not built.")
    body = await asyncio.to_thread((assets.folder / script.removeprefix("/static/")).read_bytes)
    # It speaks to nobody but the browser.
    headers = {hdrs.CACHE_CONTROL: "no-cache", "Content-Security-Policy": "default-src 'none'"}
    return web.Response(body=body, content_type="text/javascript", charset="utf-8", headers=headers)
