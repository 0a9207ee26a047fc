"""Everything about updates that the page, REST and the command line use, in one hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.updates.preferences import UpdatePreferences
from gateway.updates.types import BUSY, Updater
from gateway.updates.uploads import BundleUploads
from protocol.problems import Problem, ProblemCode

UPLOADED: Final = "upload"
"""Names the bundle that was uploaded, where a medium is named by its path."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be installed: an address, a bundle on the device, or (with neither) what the channel offers."""

    url: str = ""
    sha256: str = ""
    version: str = ""
    file: str = ""
    downgrade: bool = False

    @property
    def target(self) -> str:
        """What the audit log names."""
        return self.version or Path(self.file).name or self.url.partition("?")[0] or "channel"


@dataclass(frozen=True, slots=True)
class UpdateDesk:
    """The updater, what a person prefers, and the bundle they bring."""

    updater: Updater
    preferences: UpdatePreferences
    uploads: BundleUploads

    async def take(self, order: Order) -> Order:
        """Look at an order before it is begun: what can be refused at once is. Raises Problem."""
        if self.updater.state().phase in BUSY:
            raise Problem(ProblemCode.CONFLICT, "An update is under way. Wait until it is through, then try again.")
        if order.file == UPLOADED:
            bundle = await self.uploads.take()
            return Order(file=str(bundle), downgrade=order.downgrade)
        if order.file:
            if order.file not in {str(medium.path) for medium in await self.updater.media()}:
                message = "There is no such bundle on a stick. Put it back in, reload the list and choose again."
                raise Problem(ProblemCode.NOT_FOUND, message)
            return order
        if order.url:
            return order
        release = self.updater.offered() or await self.updater.check()
        if release is None:
            raise Problem(ProblemCode.CONFLICT, "The channel offers nothing newer. This device is up to date.")
        return Order(release.url, release.sha256, release.version, downgrade=order.downgrade)

    async def carry_out(self, order: Order) -> str:
        """Install what :meth:`take` has looked at; the version. Raises Problem, which the state tells as well."""
        if order.file:
            return await self.updater.install_file(Path(order.file), downgrade=order.downgrade)
        return await self.updater.install(order.url, order.sha256, order.version, downgrade=order.downgrade)
