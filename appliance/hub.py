"""Where the hub's address and token come from: the settings where they name both, else the file the page writes."""

from __future__ import annotations

from pathlib import Path

from appliance.config import Settings
from gateway.hub_link.services import HubCredentialsStore
from protocol.problems import Problem, ProblemCode
from provisioning.hub_credentials import HubCredentials, HubCredentialsFile


class SettledCredentials:
    """Credentials from the settings, which the page cannot change."""

    def __init__(self, credentials: HubCredentials) -> None:
        self._credentials = credentials

    def read(self) -> HubCredentials | None:
        """The credentials of the settings."""
        return self._credentials

    def write(self, credentials: HubCredentials) -> None:
        """Raises Problem CONFLICT, whatever is to be written."""
        del credentials
        raise _settled()

    def remove(self) -> None:
        """Raises Problem CONFLICT."""
        raise _settled()


def hub_credentials(settings: Settings, file: Path) -> HubCredentialsStore:
    """The store of the hub's address and token.

    Raises:
        Problem: INVALID_REQUEST when the settings name a hub but no token.
    """
    if settings.hub is None:
        return HubCredentialsFile(file)
    if settings.hub_token is None:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            "The settings name a hub but no token for it. Set HUTCH_HUB_TOKEN, or enter the hub on the page.",
        )
    return SettledCredentials(HubCredentials(url=settings.hub, token=settings.hub_token))


def _settled() -> Problem:
    return Problem(
        ProblemCode.CONFLICT, "The hub is set in the device's settings file or environment. Change it there."
    )
