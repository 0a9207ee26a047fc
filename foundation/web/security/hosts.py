"""The Host allow list: what stops a foreign page from reaching us through a name of its own (DNS rebinding)."""

from __future__ import annotations

import re
from ipaddress import ip_address

from protocol.problems import Problem, ProblemCode

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")


def host_names(own_name: str, configured: frozenset[str]) -> frozenset[str]:
    """The names to answer to: localhost, one's own, the same under ``.local``, and the configured ones."""
    names = {"localhost", own_name, f"{own_name}.local", *configured}
    return frozenset(name.lower().rstrip(".") for name in names if name)


def check_host(host: str | None, names: frozenset[str], noun: str) -> None:
    """Accept one of ``names`` or an IP literal, with any port. Raises :class:`Problem` HOST_REFUSED.

    An IP literal cannot be rebound: a browser that sends one was told that very address.
    """
    match = _HOST.fullmatch(host or "")
    if match is None or not _known(match["name"], names):
        raise Problem(
            ProblemCode.HOST_REFUSED,
            f"This {noun} does not answer to that host name. Use its address or its own name, "
            "or add the name to the setting hosts.",
        )


def _known(name: str, names: frozenset[str]) -> bool:
    if name.lower().rstrip(".") in names:
        return True
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
