"""The notifications of this device: who is told, what, and when; and the work of telling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from foundation.bus import FellBehind
from foundation.notify.kinds import kind_of
from foundation.notify.quiet import QuietHours
from foundation.notify.sending import Message, Sender, Severity
from gateway.events.types import DeviceBus
from gateway.notify.held import HeldRecords
from gateway.notify.push import BrowserGoneError, PushSender
from gateway.notify.records import NotifyRecords
from gateway.notify.types import Browser, Kind, Notice, PushPlace, Target, Wishes
from gateway.notify.vapid import VapidKeys
from gateway.notify.waiting import Waiting
from gateway.notify.watching import Moot, Watcher
from gateway.notify.wishes import Values, read_wishes, write_wishes
from protocol.problems import Problem, ProblemCode

if TYPE_CHECKING:
    from collections.abc import Coroutine

_log = structlog.get_logger(__name__)
SETTLES: Final = timedelta(seconds=4)
"""What is answered within this was seen by somebody in front of the page."""
RETRIES: Final = (30.0, 120.0, 600.0)
"""Seconds before the second, third and fourth try."""
MOST_SENDING: Final = 100
_SEVERITY: Final[dict[Kind, Severity | None]] = {
    Kind.WAITS: "warning",
    Kind.FINISHED: None,
    Kind.FAILED: "critical",
}


def local_zone() -> tzinfo | None:
    """The device's time zone as it is now; asked each time, because summer comes."""
    return datetime.now().astimezone().tzinfo


class Notifications:
    """Tells once for each event, however many people look and however many browsers there are of one person."""

    def __init__(
        self,
        bus: DeviceBus,
        records: NotifyRecords,
        held: HeldRecords,
        values: Values,
        keys: VapidKeys,
        *,
        sender: Sender,
        push: PushSender,
        is_agent: Callable[[str], bool],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        zone: Callable[[], tzinfo | None] = local_zone,
        settles: timedelta = SETTLES,
    ) -> None:
        self._bus = bus
        self._records = records
        self._values = values
        self._keys = keys
        self._sender = sender
        self._push = push
        self._watcher = Watcher(is_agent)
        self._clock = clock
        self._zone = zone
        self._settles = settles
        self._waiting = Waiting(held)
        self._changed = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Listen and tell, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._tell_what_is_due(group))

    @property
    def held(self) -> int:
        """How many notices wait for their moment."""
        return len(self._waiting)

    async def wishes(self) -> Wishes:
        """What is told."""
        return await read_wishes(self._values)

    async def set_wishes(self, wishes: Wishes) -> None:
        """Tell this from now on. Raises INVALID_REQUEST for half of quiet hours."""
        if (wishes.quiet_from is None) is not (wishes.quiet_to is None):
            raise Problem(ProblemCode.INVALID_REQUEST, "Give both ends of the quiet hours, or none.")
        await write_wishes(self._values, wishes)

    async def targets(self) -> Sequence[Target]:
        """Where is told beside browsers."""
        return await self._records.targets()

    async def browsers(self) -> Sequence[Browser]:
        """Which browsers are told."""
        return await self._records.browsers()

    async def public_key(self) -> str:
        """By which a browser's push service knows this device."""
        return (await self._keys.get()).public

    async def add_target(self, name: str, address: str) -> int:
        """Tell an address, too. Raises INVALID_REQUEST, TOO_MANY; no problem repeats the address."""
        kind = kind_of(address)
        await self._sender.check(address)
        return await self._records.add_target(name, kind, address)

    async def add_browser(self, person_id: int, label: str, place: PushPlace) -> int:
        """Tell a browser, too. Raises INVALID_REQUEST, TOO_MANY."""
        self._push.check(place)
        return await self._records.add_browser(person_id, label, place)

    async def remove_target(self, target_id: int) -> None:
        """Tell it no more. Raises NOT_FOUND."""
        if not await self._records.remove_target(target_id):
            raise Problem(ProblemCode.NOT_FOUND, "There is no such target. Look at the list again.")

    async def remove_browser(self, browser_id: int) -> None:
        """Tell it no more. Raises NOT_FOUND."""
        if not await self._records.remove_browser(browser_id):
            raise Problem(ProblemCode.NOT_FOUND, "There is no such browser. Look at the list again.")

    async def test_target(self, target_id: int) -> None:
        """Tell it something now. Raises :class:`Problem` where it is not taken."""
        await self._to_target(target_id, _TEST)

    async def test_browser(self, browser_id: int) -> None:
        """Tell it something now. Raises :class:`Problem` where it is not taken."""
        await self._to_browser(browser_id, _TEST)

    async def _listen(self) -> None:
        loaded = False
        while True:
            try:
                async with self._bus.subscribe() as events:
                    if not loaded:
                        await self._waiting.load(self._clock())
                        self._changed.set()
                        loaded = True
                    async for published in events:
                        for found in self._watcher.see(published.event):
                            await self._take(found)
            except FellBehind:
                _log.warning("notifications fell behind the events and go on from now")

    async def _take(self, found: Notice | Moot) -> None:
        if isinstance(found, Moot):
            await self._waiting.drop(found.key)
            return
        try:
            wishes = await self.wishes()
        except Problem as problem:
            _log.warning("notifications cannot read what is wished", problem=str(problem))
            return
        if found.kind not in wishes.kinds or found.key in self._waiting:
            return
        soon = self._clock() + self._settles
        due = _after_quiet(wishes, soon, self._zone())
        await self._waiting.add(due, found, held=due > soon)
        self._changed.set()

    async def _tell_what_is_due(self, group: asyncio.TaskGroup) -> None:
        while True:
            now = self._clock()
            for notice in await self._waiting.take_due(now):
                await self._tell(notice, group)
            self._changed.clear()
            nearest = self._waiting.nearest
            try:
                async with asyncio.timeout(None if nearest is None else max(0.0, (nearest - now).total_seconds())):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _tell(self, notice: Notice, group: asyncio.TaskGroup) -> None:
        try:
            targets, browsers = await self.targets(), await self.browsers()
        except Problem as problem:
            _log.warning("notifications cannot read whom to tell", problem=str(problem))
            return
        works = [self._deliver(partial(self._to_target, one.id, notice)) for one in targets]
        works += [self._deliver(partial(self._to_browser, one.id, notice)) for one in browsers]
        for work in works:
            if len(self._sending) >= MOST_SENDING:
                work.close()
                continue
            task = group.create_task(work)
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _deliver(self, send: Callable[[], Coroutine[None, None, None]]) -> None:
        for pause in (*RETRIES, None):
            try:
                await send()
            except Problem as problem:
                _log.info("a notification was not taken", problem=str(problem), again=pause)
                if pause is None:
                    return
                await asyncio.sleep(pause)
            else:
                return

    async def _to_target(self, target_id: int, notice: Notice) -> None:
        address = await self._records.address(target_id)
        if address is None:
            return
        try:
            await self._sender.send(address, Message(notice.title[:200], notice.body, _SEVERITY[notice.kind]))
        except Problem as problem:
            await self._records.told(target=target_id, error=problem.message)
            raise
        await self._records.told(target=target_id, error=None)

    async def _to_browser(self, browser_id: int, notice: Notice) -> None:
        place = await self._records.place(browser_id)
        if place is None:
            return
        try:
            await self._push.send(place, notice, await self._keys.get())
        except BrowserGoneError:
            await self._records.remove_browser(browser_id)
            return
        except Problem as problem:
            await self._records.told(browser=browser_id, error=problem.message)
            raise
        await self._records.told(browser=browser_id, error=None)


_TEST: Final = Notice("test", Kind.FINISHED, "Hutch: a test", "Notifications will look like this.", "/")


def _after_quiet(wishes: Wishes, soon: datetime, zone: tzinfo | None) -> datetime:
    """When it is told: at once, or when the quiet hours are over."""
    if wishes.quiet_from is None or wishes.quiet_to is None or zone is None:
        return soon
    return QuietHours(wishes.quiet_from, wishes.quiet_to, zone).until(soon) or soon
