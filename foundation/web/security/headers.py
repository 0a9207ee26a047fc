"""The security headers of every answer, streams and files included."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from foundation.web.context import ROUTE

_STRICT: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
CSP: Final[dict[str, str]] = {
    "strict": _STRICT,
    "terminal": _STRICT.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'"),
}
"""The content security policies a route can name. ``terminal``: xterm.js writes style elements."""

DOWNLOAD_CSP: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
"""For files out of the workspace: nothing in them runs, whatever they are."""

# same-origin and not no-referrer: with the latter browsers send "Origin: null" with every form (Fetch, 3.1).
_EVERYWHERE: Final[dict[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), "
        "microphone=(), midi=(), payment=(), usb=()"
    ),
}


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Complete an answer just before its head is sent; a handler that set a policy or caching keeps its own."""
    route = request.get(ROUTE)
    for name, value in _EVERYWHERE.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", CSP[route.csp if route else "strict"])
    response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    response.headers[hdrs.SERVER] = "hutch"
