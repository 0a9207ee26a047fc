"""What the pages and the REST API share where a person changes the hub of this device."""

from __future__ import annotations

from aiohttp import web
from pydantic import SecretStr, ValidationError

from foundation.web.context import source_of
from protocol.problems import Problem, ProblemCode
from provisioning.hub_credentials import HubCredentials

THE_HUB = "hub"
"""The source of a request that came through the hub."""


def refuse_the_hub(request: web.Request) -> None:
    """Who comes through the hub cannot widen what the hub may do. Raises Problem FORBIDDEN."""
    if source_of(request) == THE_HUB:
        raise Problem(
            ProblemCode.FORBIDDEN,
            "What belongs to the hub cannot be changed through it. Open this device's own page and change it there.",
        )


def credentials(url: str, token: SecretStr | None) -> HubCredentials:
    """What a person entered. Raises Problem INVALID_REQUEST."""
    try:
        return HubCredentials.of(url.strip(), token)
    except ValidationError as error:
        field = "token" if any("token" in str(part) for part in error.errors()[0]["loc"]) else "url"
        what = "token of a hub" if field == "token" else "address of a hub. Give one such as https://hub.example.org"
        raise Problem(ProblemCode.INVALID_REQUEST, f"This is not the {what}.", {"field": field}) from None
