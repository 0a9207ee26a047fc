"""Downloads that a broken connection, a restart or a power cut interrupts, and that go on where they stopped.

Ranges are asked for with If-Range and a strong validator (RFC 9110, 13.1.5 and 14.2), so that a bundle that changed at
its address begins anew instead of becoming a mixture. What arrives is hashed on its way to the disk.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Final

import aiohttp
import structlog
from yarl import URL

from appliance.updates.partial import Origin, Partial, is_whole, tidy
from protocol.problems import Problem, ProblemCode

log = structlog.get_logger(__name__)

MAX_BUNDLE: Final = 4 * 1024**3
"""Bytes of a bundle at most."""
_TRIES: Final = 6
"""Attempts in a row that bring nothing, before it is given up."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60)
_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes of the whole; 0 for a whole that is not known."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be downloaded. ``sha256`` (hex) and ``size`` (bytes) are empty and None where they are not known."""

    url: str
    sha256: str = ""
    size: int | None = None


class _Cut(Exception):
    """The connection ended before the file did; ``why`` for a person."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Downloader:
    """Downloads into one folder, one file at a time."""

    def __init__(
        self,
        folder: Path,
        *,
        largest: int = MAX_BUNDLE,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timeout: aiohttp.ClientTimeout = _TIMEOUT,
    ) -> None:
        self._folder = folder
        self._largest = largest
        self._pause = pause
        self._timeout = timeout

    async def fetch(self, wanted: Wanted, progress: Progress) -> Path:
        """Download and return the file, whose SHA-256 is the wanted one where one is wanted.

        Raises Problem: INVALID_REQUEST for an address of no use, UNAVAILABLE when the server does not give it,
        CHECKSUM_MISMATCH, TOO_LARGE, DISK_FULL. What was downloaded is kept where it is of use to the next attempt.
        """
        check_address(wanted.url)
        target = self._folder / f"{_name(wanted)}.bundle"
        await asyncio.to_thread(tidy, self._folder, target)
        if await asyncio.to_thread(is_whole, target, wanted.sha256):
            return target  # an installation was interrupted after the download
        partial = Partial(target)
        try:
            resumed = await self._complete(partial, wanted, progress)
            if resumed and wanted.sha256 and not partial.matches(wanted.sha256):
                # What lay there may have been damaged by a power cut: once more, from the beginning.
                log.warning("a resumed download has another hash and begins anew", url=_shown(wanted.url))
                await asyncio.to_thread(partial.remove)
                partial = Partial(target)
                await self._complete(partial, wanted, progress)
            return await asyncio.to_thread(_finish, partial, wanted)
        except Problem as problem:
            if problem.code in (ProblemCode.DISK_FULL, ProblemCode.TOO_LARGE, ProblemCode.CHECKSUM_MISMATCH):
                await asyncio.to_thread(partial.remove)
            raise
        finally:
            await asyncio.to_thread(partial.close)

    async def _complete(self, partial: Partial, wanted: Wanted, progress: Progress) -> bool:
        """Bring the file to its end over as many connections as it takes; True when it did not begin with nothing."""
        validator = await asyncio.to_thread(partial.open, wanted.url)
        resumed, left = bool(validator), _TRIES
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(
            connector=connector, timeout=self._timeout, auto_decompress=False, headers={"Accept-Encoding": "identity"}
        ) as session:
            while True:
                before = partial.size
                try:
                    await self._once(session, partial, wanted, validator, progress)
                    return resumed
                except (aiohttp.ClientError, TimeoutError, _Cut) as error:
                    left = _TRIES if partial.size > before else left - 1
                    if left == 0:
                        raise _unreachable(wanted.url, error) from error
                    log.info("a download was cut", url=_shown(wanted.url), at=partial.size, why=str(error)[:200])
                await asyncio.to_thread(partial.close)
                await self._pause(2.0 ** (_TRIES - left))
                validator = await asyncio.to_thread(partial.open, wanted.url)
                resumed = resumed or bool(validator)

    async def _once(
        self, session: aiohttp.ClientSession, partial: Partial, wanted: Wanted, validator: str, progress: Progress
    ) -> None:
        headers = {"Range": f"bytes={partial.size}-", "If-Range": validator} if validator else {}
        async with session.get(wanted.url, headers=headers, max_redirects=5) as response:
            total = await self._begin(response, partial, wanted, bool(validator))
            if total is not None and partial.size == total:
                return
            progress(partial.size, total or 0)
            async for block in response.content.iter_any():
                if partial.size + len(block) > (self._largest if total is None else total):
                    raise _too_large(total or self._largest)
                await asyncio.to_thread(partial.append, block)
                progress(partial.size, total or 0)
        if total is not None and partial.size < total:
            raise _Cut("the connection ended in the middle")

    async def _begin(
        self, response: aiohttp.ClientResponse, partial: Partial, wanted: Wanted, asked: bool
    ) -> int | None:
        """Look at the head of an answer, and make the partial file fit it. Returns the bytes of the whole."""
        if asked and response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            found = re.fullmatch(r"bytes \*/(\d{1,18})", response.headers.get("Content-Range", ""))
            if found and int(found[1]) == partial.size:
                return partial.size
            await asyncio.to_thread(partial.remove)
            raise _Cut("the server has another file by now")
        if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise _Cut(f"the server answered {response.status}")
        if response.status == HTTPStatus.PARTIAL_CONTENT and asked:
            total = _rest(response.headers.get("Content-Range", ""), partial.size)
        elif response.status == HTTPStatus.OK:
            await asyncio.to_thread(partial.restart)
            etag = response.headers.get("ETag", "")
            origin = Origin(url=wanted.url, validator=etag if etag.startswith('"') and len(etag) < 1024 else "")
            await asyncio.to_thread(partial.begin, origin)
            total = response.content_length
        else:
            raise Problem(
                ProblemCode.UNAVAILABLE,
                f"{_shown(wanted.url)} answered {response.status}. Check the address of the update.",
            )
        if total is not None and (total > self._largest or (wanted.size is not None and total != wanted.size)):
            raise _too_large(wanted.size or self._largest)
        if (expected := total if total is not None else wanted.size) is not None:
            await asyncio.to_thread(partial.check_room, expected)
        return total


def check_address(url: str) -> None:
    """Raise Problem INVALID_REQUEST for an address that is none of http or https."""
    try:
        address = URL(url)
    except ValueError:
        address = URL()
    if address.scheme not in ("http", "https") or not address.host or len(url) > 4096:
        raise Problem(ProblemCode.INVALID_REQUEST, "Updates come from an http:// or https:// address. Check it.")


def _finish(partial: Partial, wanted: Wanted) -> Path:
    if wanted.sha256 and not partial.matches(wanted.sha256):
        raise Problem(
            ProblemCode.CHECKSUM_MISMATCH,
            "What was downloaded is not what was announced: its SHA-256 is another. Nothing was installed. "
            "Check the address and the checksum, then try again.",
        )
    return partial.finish()


def _rest(content_range: str, have: int) -> int | None:
    found = _RANGE.fullmatch(content_range)
    if found is None or int(found[1]) != have:
        raise _Cut("the server answered with another range")
    return None if found[3] == "*" else int(found[3])


def _name(wanted: Wanted) -> str:
    return (wanted.sha256 or hashlib.sha256(wanted.url.encode()).hexdigest()).lower()[:32]


def _shown(url: str) -> str:
    """An address for people and logs: what follows ``?``, and a user, may be secrets."""
    return str(URL(url).with_query(None).with_fragment(None).with_user(None))


def _too_large(limit: int) -> Problem:
    return Problem(
        ProblemCode.TOO_LARGE, f"The bundle is not as large as it was announced ({limit} bytes). Nothing was installed."
    )


def _unreachable(url: str, error: Exception) -> Problem:
    why = error.why if isinstance(error, _Cut) else (str(error) or "no answer in time")
    return Problem(
        ProblemCode.UNAVAILABLE,
        f"{URL(url).host} cannot be reached for the update: {why[:200]}. Check the network; "
        "the download goes on where it stopped.",
    )
