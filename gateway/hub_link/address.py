"""From the hub's address as a person writes it to the address of the link."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from protocol.problems import Problem, ProblemCode

CONNECT_PATH = "/gw/connect"
_SCHEMES = {"https": "wss", "http": "ws", "wss": "wss", "ws": "ws"}


def link_url(hub: str) -> str:
    """The WebSocket address of a hub: https becomes wss, and the path of the wire is added where there is none.

    Raises Problem INVALID_REQUEST for anything that is no web address, or that holds a user name or password.
    """
    try:
        parts = urlsplit(hub.strip())
        port = parts.port
    except ValueError:
        raise _refused() from None
    scheme = _SCHEMES.get(parts.scheme)
    if scheme is None or not parts.hostname or parts.username is not None or parts.password is not None:
        raise _refused()
    path = CONNECT_PATH if parts.path in ("", "/") else parts.path
    return urlunsplit((scheme, _authority(parts.hostname, port), path, parts.query, ""))


def dialled_host(url: str) -> str:
    """Of a link's address: ``host``, or ``host:port`` where it names a port, in lower case, as a proof has it."""
    parts = urlsplit(url)
    return _authority(parts.hostname or "", parts.port)


def _authority(host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host.lower()
    return name if port is None else f"{name}:{port}"


def _refused() -> Problem:
    return Problem(
        ProblemCode.INVALID_REQUEST,
        "The hub's address is not usable. Enter it like https://hub.example.org, without user name or password.",
    )
