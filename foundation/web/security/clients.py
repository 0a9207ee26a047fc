"""Where a request comes from, behind the proxies that are trusted and no others."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address

from aiohttp import hdrs, web

from foundation.web.context import Client
from foundation.web.site import Networks

_CONSOLE = "console"
"""Who sends over our own Unix socket: it has no address."""


def client_of(request: web.Request, trusted: Networks) -> Client:
    """Who sent this and how they addressed us.

    ``X-Forwarded-For``, ``-Proto`` and ``-Host`` count only when the peer is a trusted proxy; of ``-For`` the last
    address that is not a trusted proxy itself is taken, because everything before it is what the sender claims.
    """
    peer = _CONSOLE if request.remote == "" else request.remote or "unknown"
    host = _only(request, hdrs.HOST)
    if not _is_trusted(peer, trusted):
        return Client(source=peer, scheme=request.scheme, host=host)
    return Client(
        source=_forwarded_source(request, peer, trusted),
        scheme=_last(request, hdrs.X_FORWARDED_PROTO) or request.scheme,
        host=_last(request, hdrs.X_FORWARDED_HOST) or host,
    )


def _forwarded_source(request: web.Request, peer: str, trusted: Networks) -> str:
    hops = [hop.strip() for line in request.headers.getall(hdrs.X_FORWARDED_FOR, []) for hop in line.split(",")]
    for hop in reversed(hops):
        address = _address(hop)
        if address is None:
            break
        peer = str(address)
        if not _is_trusted(peer, trusted):
            break
    return peer


def _is_trusted(text: str, trusted: Networks) -> bool:
    address = _address(text)
    return address is not None and any(address in network for network in trusted)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


def _only(request: web.Request, name: str) -> str | None:
    values = request.headers.getall(name, [])
    return values[0] if len(values) == 1 else None


def _last(request: web.Request, name: str) -> str | None:
    values = request.headers.getall(name, [])
    return values[-1].rpartition(",")[2].strip() or None if values else None
