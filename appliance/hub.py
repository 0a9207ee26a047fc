"""Where the hub's address and token come from: the settings where they name a hub, else the file the page writes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from pydantic import ValidationError

import provisioning
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
    """The store of the hub's address and token; without a token the device shows its own key.

    Raises:
        Problem: INVALID_REQUEST when what the settings name is no address or no token.
    """
    if settings.hub is None:
        return HubCredentialsFile(file)
    try:
        return SettledCredentials(HubCredentials.of(settings.hub, settings.hub_token))
    except ValidationError as error:
        # The message of the error itself would show the token.
        reason = error.errors(include_input=False, include_url=False)[0]["msg"]
        raise Problem(
            ProblemCode.INVALID_REQUEST, f"The settings name a hub that cannot be used: {reason}. See docs/settings.md."
        ) from None


async def make_device_key(path: Path) -> None:
    """Make the device's key at the first start, in a process of its own: the daemon then never loads what makes keys.

    Raises:
        Problem: UNAVAILABLE when it cannot be made or read.
    """
    if await asyncio.to_thread(path.exists):
        return
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "provisioning.device_key",
        str(path),
        cwd=Path(provisioning.__path__[0]).parent,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    if process.returncode:
        reason = said.decode(errors="replace").strip() or "See the log"
        raise Problem(ProblemCode.UNAVAILABLE, f"The device's key cannot be made. {reason}")


def _settled() -> Problem:
    return Problem(
        ProblemCode.CONFLICT, "The hub is set in the device's settings file or environment. Change it there."
    )
