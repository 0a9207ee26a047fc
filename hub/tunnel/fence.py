"""What keeps a device's page, which has the hub's origin, away from the hub and from other devices.

A device is less trusted than its hub. Every answer of a device gets a content security policy beside its own: both
count, and ours names nothing but the device's own paths (CSP level 3, path-part matching). Why that is the fence, and
what remains, is in docs/decisions/0022-device-pages.md.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from yarl import URL

from protocol.problems import Problem, ProblemCode

_SANDBOX: Final = "sandbox allow-scripts allow-same-origin allow-forms allow-downloads allow-modals"
"""No popups, so that no window of the hub can be opened and read; no frames of the hub, see frame-src."""

FENCE_HEADERS: Final[dict[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Whoever opened this page, another page of the hub included, is cut off from it (HTML, cross-origin opener policy).
    "Cross-Origin-Opener-Policy": "noopener-allow-popups",
}
_PLAIN: Final = re.compile(r"[!#-\[\]^-~]*")
"""What an address in a header is written with: no space, quotation mark, backslash or control character."""


def policy(scheme: str, host: str, prefix: str) -> str:
    """The content security policy of everything below ``scheme://host/prefix``."""
    own = f"{scheme}://{host}{prefix}/"
    sockets = f"{'wss' if scheme == 'https' else 'ws'}://{host}{prefix}/"
    rules = (
        f"default-src {own}",
        f"script-src {own}",
        f"style-src {own} 'unsafe-inline'",
        f"img-src {own} data: blob:",
        f"media-src {own} blob:",
        f"connect-src {own} {sockets}",
        f"form-action {own}",
        # A service worker's answers would have no policy at all, and a shared worker outlives its page.
        "worker-src 'none'",
        "child-src 'none'",
        "frame-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        _SANDBOX,
    )
    return "; ".join(rules)


def redirect_inside(location: str, asked: URL, prefix: str) -> str:
    """Where a redirect of the device leads, as a path below ``prefix``; ``asked`` is the address in the browser.

    CSP does not look at paths after a redirect, so one that leads elsewhere would lead through the fence. The path is
    written anew from what was checked, because a browser may read the device's spelling in another way.
    Raises Problem HUB_REFUSED.
    """
    if not _PLAIN.fullmatch(location):
        raise _leaves()
    try:
        target = asked.join(URL(location, encoded=True))
        same = (target.scheme, target.raw_authority) == (asked.scheme, asked.raw_authority)
    except ValueError:
        raise _leaves() from None
    path = target.raw_path
    dots = any(unquote(piece) in (".", "..") for piece in path.split("/"))
    if not same or not path.startswith(f"{prefix}/") or dots:
        raise _leaves()
    query = f"?{target.raw_query_string}" if target.raw_query_string else ""
    fragment = f"#{target.raw_fragment}" if target.raw_fragment else ""
    return f"{path}{query}{fragment}"


def _leaves() -> Problem:
    return Problem(
        ProblemCode.HUB_REFUSED,
        "The device's page leads away from the device. Open the address by hand if you want to.",
    )
