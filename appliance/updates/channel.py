"""The channel: a small JSON file on a web server that says which version is on offer."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin

import aiohttp
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from appliance.updates.download import MAX_BUNDLE, check_address
from appliance.updates.versions import Version, is_newer, same
from gateway.updates.types import Release
from protocol.fields import Sha256
from protocol.problems import Problem, ProblemCode

_LARGEST: Final = 64 * 1024
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)


class ChannelFile(BaseModel):
    """What the file holds. ``url`` may be relative to the file's own address; what else stands there is left out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: str = Field(min_length=1, max_length=64)
    url: str = Field(min_length=1, max_length=4096)
    sha256: Sha256
    size: int | None = Field(default=None, ge=1, le=MAX_BUNDLE)
    notes: str = Field(default="", max_length=16_000)
    min_version: str | None = Field(default=None, max_length=64)


async def ask_channel(address: str) -> Release:
    """What the channel offers. Raises Problem UNAVAILABLE when it cannot be read, INVALID_REQUEST for no channel."""
    check_address(address)
    body = await _read(address)
    try:
        file = ChannelFile.model_validate_json(body)
        Version.parse(file.version)
        url = urljoin(address, file.url)
        check_address(url)
        if file.min_version is not None:
            Version.parse(file.min_version)
    except (ValidationError, Problem, ValueError):
        raise Problem(
            ProblemCode.UNAVAILABLE,
            "What lies at the update channel is no channel file. Check the setting update_channel.",
        ) from None
    return Release(file.version, url, file.sha256.lower(), file.size, file.notes, file.min_version)


def is_offer(release: Release, running: str) -> bool:
    """Whether a release is something for a device that runs this version.

    Raises Problem CONFLICT for one that cannot be reached in one step.
    """
    if same(release.version, running) or not is_newer(release.version, running):
        return False
    if release.min_version is not None and is_newer(release.min_version, running):
        raise Problem(
            ProblemCode.CONFLICT,
            f"Version {release.version} can only follow {release.min_version}, and {running} runs. "
            f"Install {release.min_version} first.",
        )
    return True


async def _read(address: str) -> bytes:
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(address, max_redirects=5) as response,
        ):
            if response.status != 200:
                raise _unreachable(f"it answered {response.status}")
            body = b""
            async for block in response.content.iter_any():
                body += block
                if len(body) > _LARGEST:
                    raise _unreachable("what lies there is too large")
            return body
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _unreachable(str(error)[:200] or "no answer in time") from error


def _unreachable(why: str) -> Problem:
    return Problem(
        ProblemCode.UNAVAILABLE,
        f"The update channel cannot be read: {why}. Check the network and the setting update_channel.",
    )
