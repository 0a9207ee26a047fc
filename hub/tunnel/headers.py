"""Which headers pass between a browser and a device.

Lists of what passes, not of what is held back: what is new is not known to be harmless.
"""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs
from multidict import CIMultiDict, CIMultiDictProxy

_TO_DEVICE: Final = (
    hdrs.ACCEPT,
    hdrs.ACCEPT_ENCODING,
    hdrs.ACCEPT_LANGUAGE,
    hdrs.CACHE_CONTROL,
    hdrs.CONTENT_ENCODING,
    hdrs.CONTENT_LANGUAGE,
    hdrs.CONTENT_LENGTH,
    hdrs.CONTENT_TYPE,
    hdrs.HOST,
    hdrs.IF_MATCH,
    hdrs.IF_MODIFIED_SINCE,
    hdrs.IF_NONE_MATCH,
    hdrs.IF_RANGE,
    hdrs.IF_UNMODIFIED_SINCE,
    hdrs.LAST_EVENT_ID,
    hdrs.ORIGIN,
    hdrs.RANGE,
    hdrs.USER_AGENT,
    "Idempotency-Key",
    "Sec-Fetch-Dest",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "X-CSRF-Token",
    "X-Requested-With",
)
"""The hub's cookies, its Authorization, and whatever a proxy before the hub adds, stay with the hub."""

_TO_BROWSER: Final = (
    hdrs.ACCEPT_RANGES,
    hdrs.AGE,
    hdrs.ALLOW,
    hdrs.CACHE_CONTROL,
    hdrs.CONTENT_DISPOSITION,
    hdrs.CONTENT_ENCODING,
    hdrs.CONTENT_LANGUAGE,
    hdrs.CONTENT_RANGE,
    "Content-Security-Policy",
    hdrs.CONTENT_TYPE,
    hdrs.DATE,
    hdrs.ETAG,
    hdrs.EXPIRES,
    hdrs.LAST_MODIFIED,
    "Permissions-Policy",
    hdrs.RETRY_AFTER,
    hdrs.VARY,
    "X-Accel-Buffering",
    "X-Request-Id",
)
"""Nothing here speaks for the whole origin, as Set-Cookie, Clear-Site-Data, Strict-Transport-Security, Alt-Svc,
WWW-Authenticate, Service-Worker-Allowed or Access-Control-Allow-Origin would."""


def to_device(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """What of a browser's request the device gets to see."""
    return _only(headers, _TO_DEVICE)


def to_browser(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """What of a device's answer the browser gets to see; Location and Content-Length are for the proxy to see to."""
    return _only(headers, _TO_BROWSER)


def _only(headers: CIMultiDictProxy[str], names: tuple[str, ...]) -> CIMultiDict[str]:
    return CIMultiDict((name, value) for name in names for value in headers.getall(name, ()))
