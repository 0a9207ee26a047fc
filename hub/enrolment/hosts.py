"""The names by which devices dial this hub: what a proof has to be signed for."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class DialledHosts:
    """``host`` or ``host:port`` of each address, in lower case, as devices sign it."""

    def __init__(self, urls: Iterable[str], own_name: str) -> None:
        """``own_name`` is what the hub calls itself as long as it has no address."""
        self._own_name = own_name
        self._names: dict[str, None] = {}
        for url in urls:
            self.add(url)

    def add(self, url: str) -> None:
        """Another address, e.g. one on which the hub was just opened. A default port may be named or left out."""
        parts = urlsplit(url)
        name = parts.hostname or ""
        host = f"[{name}]" if ":" in name else name.lower()
        default = _DEFAULT_PORTS.get(parts.scheme)
        port = parts.port or default
        if not host or port is None:
            return
        bare, full = host, f"{host}:{port}"
        spellings = (full,) if port != default else (bare, full) if parts.port is None else (full, bare)
        self._names.update(dict.fromkeys(spellings))

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a proof may be signed for."""
        return tuple(self._names)

    @property
    def main(self) -> str:
        """What the hub calls itself in a challenge."""
        return next(iter(self._names), self._own_name)
