"""Installing a bundle from where it lies: only what this device has not is fetched, and nothing is kept of it.

What a whole download is checked by, its SHA-256, cannot be known then. The manifest's hash stands for it: the manifest
is what is signed, and it holds the root of the hash tree by which every block is checked on its way. An address says
which one it has to be behind its ``#``, which no server is sent (RFC 3986, 3.5)::

    https://updates.example.net/hutch-0.2.0-arm64.raucb#manifest=9f86d081...
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final, Protocol

import aiohttp
from yarl import URL

from appliance.updates.backend import BundleInfo, Told
from appliance.updates.download import Wanted, check_address
from protocol.problems import Problem, ProblemCode

_MANIFEST: Final = re.compile(r"(?:^|&)manifest=([0-9a-fA-F]{64})(?:&|$)")
_PROBE: Final = 4
"""Bytes that a server is asked for first."""
_TIMEOUT: Final = aiohttp.ClientTimeout(total=30)
FINAL: Final = frozenset(
    {
        ProblemCode.BUNDLE_REFUSED,
        ProblemCode.CHECKSUM_MISMATCH,
        ProblemCode.CLOCK_WRONG,
        ProblemCode.CONFLICT,
        ProblemCode.PERMISSION_DENIED,
    }
)
"""What a whole download would be told, too. Everything else may be the network's fault, or this way's."""


class Streams(Protocol):
    """A backend's way to install a bundle from its address. Every Problem says what to do."""

    async def look(self, url: str) -> BundleInfo | None:
        """Check a bundle's signature and kind of device where it lies; None where it had better be downloaded.

        Problem as :meth:`appliance.updates.backend.Backend.inspect`, or any other for what keeps it from being read.
        """

    async def stream(self, url: str, manifest: str, told: Told) -> None:
        """Install it, when it is still the one with that manifest."""


@dataclass(frozen=True, slots=True)
class Order:
    """A bundle that is to be installed, as it was announced. Empty is what is not known."""

    url: str
    """Without what stands behind ``#``."""
    sha256: str
    manifest: str
    version: str
    downgrade: bool

    @classmethod
    def of(cls, url: str, sha256: str, version: str, *, downgrade: bool) -> Order:
        """Take an announced address apart. Raises Problem INVALID_REQUEST for one that is of no use."""
        check_address(url)
        plain, _, behind = url.partition("#")
        found = _MANIFEST.search(behind)
        if found is None and "manifest" in behind:
            raise Problem(
                ProblemCode.INVALID_REQUEST,
                "What stands behind the # of the address is no hash of a manifest. Copy the address again, whole.",
            )
        return cls(plain, sha256, found[1].lower() if found else "", version, downgrade)

    @property
    def wanted(self) -> Wanted:
        """What is downloaded of it as a whole."""
        return Wanted(self.url, self.sha256)

    @property
    def may_stream(self) -> bool:
        """Whether nothing is lost that way.

        A SHA-256 without the manifest's hash is checked by a whole download alone. A user or a query in the address may
        be a secret, and who streams writes the address into the journal.
        """
        address = URL(self.url)
        return bool(self.manifest or not self.sha256) and not address.raw_user and not address.raw_query_string


async def answers_ranges(url: str) -> bool:
    """Whether a web server gives a part of a file when it is asked for it (RFC 9110, 14), and within a moment.

    Asked before a backend is: one that waits for a server without end answers nobody meanwhile.
    """
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False) as session,
            session.get(url, headers={"Range": "bytes=0-3"}, max_redirects=5) as response,
        ):
            return response.status == HTTPStatus.PARTIAL_CONTENT and len(await response.content.read(5)) == _PROBE
    except (aiohttp.ClientError, TimeoutError):
        return False


def check_manifest(order: Order, found: BundleInfo) -> None:
    """Raise Problem CHECKSUM_MISMATCH when a bundle's manifest is not the announced one."""
    if order.manifest and found.manifest and order.manifest != found.manifest:
        raise Problem(
            ProblemCode.CHECKSUM_MISMATCH,
            "The bundle is not the one that was announced: the hash of its manifest is another. Nothing was installed. "
            "Check the address, then try again.",
        )
