"""Every address that is written for a browser, and those that came from outside."""

from __future__ import annotations

import re

from aiohttp import web

from foundation.web.context import PREFIX

_LOCAL = re.compile(r"/(?![/\\])[\x21-\x7e]{0,1900}")
_PREFIX = re.compile(r"(/[A-Za-z0-9_.~-]{1,100}){0,6}")


def valid_prefix(given: str) -> str:
    """``given`` when it can stand before a path, else nothing: it goes into pages and headers."""
    is_plain = _PREFIX.fullmatch(given) is not None and not {".", ".."} & set(given.split("/"))
    return given if is_plain else ""


def url(request: web.Request, path: str) -> str:
    """Where ``path`` of this application is for the browser that sent ``request``.

    The one place that knows of the prefix below which a hub shows a device. Pages, redirects and cookies go through
    it; templates call ``shell.url``, scripts ``src/lib/address.ts``.
    """
    return f"{request.get(PREFIX, '')}{path}"


def without_prefix(request: web.Request, path: str) -> str:
    """The path of this application that the browser calls ``path``: the other way round."""
    return path.removeprefix(request.get(PREFIX, "")) or "/"


def cookie_path(request: web.Request) -> str:
    """Where cookies of this application are sent: nowhere but below its prefix."""
    return request.get(PREFIX, "") or "/"


def local_path(given: str, otherwise: str = "/") -> str:
    """``given`` when it is a path of this application, else ``otherwise``: nobody is sent to another site from here."""
    return given if _LOCAL.fullmatch(given) and "\\" not in given else otherwise
