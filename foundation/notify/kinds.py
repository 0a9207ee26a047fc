"""The kinds of targets: an explicit table, because an address may make a library do anything it knows to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from protocol.problems import Problem, ProblemCode

MAX_ADDRESS: Final = 2048


@dataclass(frozen=True, slots=True)
class Kind:
    """One row: what it is called, and whether the address names the server to talk to."""

    name: str
    names_host: bool


_SERVICE: Final = {
    "discord": "Discord",
    "opsgenie": "Opsgenie",
    "pagerduty": "PagerDuty",
    "pbul": "Pushbullet",
    "pover": "Pushover",
    "slack": "Slack",
    "tgram": "Telegram",
    "twilio": "Twilio",
    "wxteams": "Webex",
    "zulip": "Zulip",
}
_HOSTED: Final = {
    "form": "Webhook (form)",
    "gotify": "Gotify",
    "json": "Webhook (JSON)",
    "mailto": "E-mail",
    "matrix": "Matrix",
    "mmost": "Mattermost",
    "ntfy": "ntfy",
    "rocket": "Rocket.Chat",
    "signal": "Signal",
    "xml": "Webhook (XML)",
}
KINDS: Final[Mapping[str, Kind]] = {
    **{schema: Kind(name, names_host=False) for schema, name in _SERVICE.items()},
    **{schema + tls: Kind(name, names_host=True) for schema, name in _HOSTED.items() for tls in ("", "s")},
}
"""By the scheme of the address. docs/fleet.md lists them, for devices too."""

_REFUSED: Final = frozenset(
    {"cto", "key", "keyfile", "pgp", "pgpkey", "redirect", "retry", "rto", "subfile", "template", "timeout", "wait"}
)
"""Parameters that read our files, follow a server elsewhere, or hold a thread."""
_VISIBLE: Final = re.compile(r"[!-~]+")


def kind_of(address: str) -> str:
    """The scheme of a target's address, which is a key of :data:`KINDS`.

    Raises :class:`Problem` INVALID_REQUEST; what it says does not repeat the address.
    """
    if len(address) > MAX_ADDRESS or not _VISIBLE.fullmatch(address):
        raise _invalid(f"Write the address as visible ASCII, at most {MAX_ADDRESS} characters.")
    try:
        parts = urlsplit(address)
    except ValueError:
        raise _invalid("The address is no URL. Write one as ntfys://ntfy.example.org/topic.") from None
    scheme = parts.scheme.lower()
    if scheme not in KINDS or "://" not in address:
        raise _invalid(f"Use one of these kinds of addresses: {', '.join(sorted(KINDS))}.")
    refused = sorted({name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)} & _REFUSED)
    if refused:
        raise _invalid(f"Leave the parameter {refused[0]} out of the address.")
    return scheme


def _invalid(sentence: str) -> Problem:
    return Problem(ProblemCode.INVALID_REQUEST, sentence)
