"""From an event on the bus to a message in a browser and at a webhook: real sockets, real encryption, a real store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import web
from aiohttp.test_utils import TestServer

from foundation.notify.sending import AppriseSender
from foundation.secrets_box import load_secrets_box
from foundation.store.database import Store
from foundation.store.settings import SettingsTable
from gateway.conversations.types import TurnState
from gateway.events.chat import ConversationRemoved, PermissionAnswered, TurnEnded
from gateway.events.types import AnyEvent, DeviceBus, SessionChanged, SessionEnded, SessionStarted
from gateway.notify.held import HeldRecords
from gateway.notify.notifications import Notifications
from gateway.notify.push import PushSender
from gateway.notify.records import NotifyRecords
from gateway.notify.types import Kind, Notice, Wishes
from gateway.notify.vapid import VapidKey, VapidKeys
from gateway.notify.waiting import MOST_WAITING
from gateway.sessions.types import SessionStatus
from gateway.store.tables import people
from protocol.problems import Problem, ProblemCode
from tests.doubles.push_service import PushService
from tests.unit.gateway.notify.test_watching import asked

# One of the library's hundred plugins imports it, on Python below 3.13, where it is.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
NIGHT = datetime(2026, 5, 1, 23, 30, tzinfo=UTC)


@dataclass
class Desk:
    """Notifications at work."""

    notifications: Notifications
    bus: DeviceBus
    service: PushService
    hook: asyncio.Queue[dict[str, Any]]
    hook_address: str
    now: list[datetime] = field(default_factory=list)

    async def holds(self, count: int) -> None:
        """Wait until so many notices wait for their moment."""
        async with asyncio.timeout(10):
            while self.notifications.held != count:  # noqa: ASYNC110 - gives the reader of the bus its turn
                await asyncio.sleep(0)

    async def pushed(self) -> Any:  # noqa: ANN401
        async with asyncio.timeout(10):
            return await self.service.arrived.get()

    async def hooked(self) -> dict[str, Any]:
        async with asyncio.timeout(10):
            return await self.hook.get()


@asynccontextmanager
async def webhook() -> AsyncIterator[tuple[str, asyncio.Queue[dict[str, Any]]]]:
    """A server that takes what is sent to it as JSON."""
    taken: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def take(request: web.Request) -> web.Response:
        await taken.put(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    async with TestServer(app) as server:
        yield f"json://{server.host}:{server.port}/hook", taken


@asynccontextmanager
async def desk(store: Store, tmp_path: Path, now: datetime, settles: float = 0.0) -> AsyncIterator[Desk]:
    async with store.begin() as connection:
        if not await connection.scalar(sa.select(people.c.id)):
            await connection.execute(
                sa.insert(people).values(id=1, name="anna", role="admin", password_hash="-", created_at=NIGHT)
            )
    bus, clock, values = DeviceBus(), [now], SettingsTable(store)
    box = partial(load_secrets_box, tmp_path / "secrets.key")
    sender, push = AppriseSender(allow_private=True), PushSender("https://hutch.local", allow_private=True)
    notifications = Notifications(
        bus,
        NotifyRecords(store, box),
        HeldRecords(store),
        values,
        VapidKeys(values, box),
        sender=sender,
        push=push,
        is_agent=lambda _: True,
        clock=lambda: clock[0],
        zone=lambda: UTC,
        settles=timedelta(seconds=settles),
    )
    async with PushService().open() as service, webhook() as (address, hook):
        work = asyncio.create_task(notifications.run())
        # The reader of the bus is there when its first step is done.
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        try:
            yield Desk(notifications, bus, service, hook, address, clock)
        finally:
            work.cancel()
            with suppress(asyncio.CancelledError):
                await work
            await sender.close()
            await push.close()


def done(conversation: str = "con_2") -> TurnEnded:
    return TurnEnded(conversation_id=conversation, turn_id="t1", title="Blog", cli="codex", state=TurnState.DONE)


def waits(session: str) -> list[AnyEvent]:
    """A session that begins and waits."""
    started = SessionStarted(session_id=session, name="shop", agent="codex")
    changed = SessionChanged(
        session_id=session, name="shop", status=SessionStatus.WAITING, title="", cols=80, rows=24, waiting_for="ls"
    )
    return [started, changed]


async def test_a_browser_and_a_webhook_are_told_of_a_question(store: Store, store_file: Path, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        await at.notifications.add_browser(1, "Mozilla/5.0", at.service.place())
        await at.notifications.add_target("hook", at.hook_address)
        at.bus.publish(asked())
        pushed, hooked = await at.pushed(), await at.hooked()
        assert pushed.said["title"] == hooked["title"] == "Blog waits for you"
        assert pushed.said["body"] == hooked["message"] == "make publish"
        assert pushed.said["path"] == "/conversations/con_1"
        assert (pushed.urgency, pushed.ttl) == ("high", 86400)
        assert pushed.claims["sub"] == "https://hutch.local"
        assert pushed.key == await at.notifications.public_key()
        assert "s3cret" not in str(hooked) + str(pushed)
        with closing(sqlite3.connect(store_file)) as reader:
            kept = "\n".join(reader.iterdump())
        assert at.hook_address not in kept
        assert at.service.url not in kept


async def test_the_key_outlives_a_restart(store: Store, tmp_path: Path) -> None:
    values, box = SettingsTable(store), partial(load_secrets_box, tmp_path / "secrets.key")
    first = await VapidKeys(values, box).get()
    assert await VapidKeys(values, box).get() == first
    assert first.private not in str(await values.get("notify.vapid"))


async def test_each_browser_is_told_once_however_often_it_asks(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        first = await at.notifications.add_browser(1, "one", at.service.place())
        assert await at.notifications.add_browser(1, "one again", at.service.place()) == first
        at.bus.publish(asked("p1"))
        at.bus.publish(done())
        # Two notices go out beside each other, and either may arrive first.
        assert {(await at.pushed()).said["kind"] for _ in range(2)} == {"waits", "finished"}
        assert at.service.tries == 2


async def test_who_answers_at_once_is_not_told(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT, settles=60) as at:
        await at.notifications.add_browser(1, "one", at.service.place())
        at.bus.publish(asked())
        await at.holds(1)
        at.bus.publish(PermissionAnswered(conversation_id="con_1", permission_id="p1", reply=None, by="anna"))
        await at.holds(0)
        at.bus.publish(done())
        await at.holds(1)
        at.now[0] += timedelta(minutes=2)
        # One more event makes it look at its clock.
        at.bus.publish(done("con_3"))
        assert (await at.pushed()).said["kind"] == "finished"


async def test_quiet_hours_hold_back_until_they_are_over(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        await at.notifications.set_wishes(Wishes(quiet_from=22 * 60, quiet_to=7 * 60))
        await at.notifications.add_browser(1, "one", at.service.place())
        at.bus.publish(asked("held"))
        at.bus.publish(asked("answered"))
        await at.holds(2)
        at.bus.publish(PermissionAnswered(conversation_id="con_1", permission_id="answered", reply=None, by="anna"))
        await at.holds(1)
        at.now[0] = NIGHT + timedelta(hours=8)
        at.bus.publish(done())
        kinds = [(await at.pushed()).said["kind"] for _ in range(2)]
        assert sorted(kinds) == ["finished", "waits"]
        assert at.service.tries == 2


async def test_a_restart_in_quiet_hours_forgets_nothing_that_still_counts(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        await at.notifications.set_wishes(Wishes(quiet_from=22 * 60, quiet_to=7 * 60))
        await at.notifications.add_target("hook", at.hook_address)
        for event in (asked(), done(), done("con_3"), *waits("ses_1"), *waits("ses_2")):
            at.bus.publish(event)
        await at.holds(5)
        at.bus.publish(ConversationRemoved(conversation_id="con_3"))
        await at.holds(4)
    async with desk(store, tmp_path, NIGHT + timedelta(hours=1)) as at:
        # The question of the conversation ended with the daemon.
        await at.holds(3)
        at.bus.publish(SessionEnded(session_id="ses_2", exit_code=0))
        await at.holds(2)
        at.now[0] = NIGHT + timedelta(hours=8)
        await at.notifications.add_target("hook", at.hook_address)
        at.bus.publish(done("con_4"))
        told = [(await at.hooked())["title"] for _ in range(3)]
        assert sorted(told) == ["Blog is done", "Blog is done", "shop waits for you"]
        await at.holds(0)
    async with desk(store, tmp_path, NIGHT + timedelta(hours=9)) as at:
        at.bus.publish(done("con_5"))
        await at.holds(0)
        assert await HeldRecords(store).all() == []


async def test_what_was_held_days_ago_is_not_told(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        await at.notifications.set_wishes(Wishes(quiet_from=22 * 60, quiet_to=7 * 60))
        at.bus.publish(done())
        await at.holds(1)
    async with desk(store, tmp_path, NIGHT + timedelta(days=3, hours=12)) as at:
        await at.notifications.add_browser(1, "one", at.service.place())
        at.bus.publish(asked())
        assert (await at.pushed()).said["kind"] == "waits"
        assert at.service.tries == 1
        assert await HeldRecords(store).all() == []


async def test_held_notices_are_bounded(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        await at.notifications.set_wishes(Wishes(quiet_from=22 * 60, quiet_to=7 * 60))
        for number in range(MOST_WAITING + 3):
            at.bus.publish(done(f"con_{number}"))
            await at.holds(min(number + 1, MOST_WAITING))
        # One is looked at after the other: when this one is gone, all of them were.
        at.bus.publish(ConversationRemoved(conversation_id=f"con_{MOST_WAITING + 2}"))
        await at.holds(MOST_WAITING - 1)
    kept = await HeldRecords(store).all()
    assert len(kept) == MOST_WAITING - 1
    assert {f"con_{number}:turn:t1" for number in range(3)}.isdisjoint(notice.key for _, notice in kept)


async def test_only_what_is_wished_is_told(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        await at.notifications.set_wishes(Wishes(kinds=frozenset({Kind.FINISHED})))
        await at.notifications.add_browser(1, "one", at.service.place())
        at.bus.publish(asked())
        at.bus.publish(done())
        assert (await at.pushed()).said["kind"] == "finished"
        assert at.service.tries == 1


async def test_a_browser_that_is_gone_is_forgotten(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        browser = await at.notifications.add_browser(1, "one", at.service.place())
        at.service.status = 410
        await at.notifications.test_browser(browser)
        assert await at.notifications.browsers() == []


async def test_a_service_that_refuses_is_said(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        browser = await at.notifications.add_browser(1, "one", at.service.place())
        at.service.status = 500
        with pytest.raises(Problem) as refused:
            await at.notifications.test_browser(browser)
        assert refused.value.code is ProblemCode.UNAVAILABLE
        [kept] = await at.notifications.browsers()
        assert "500" in (kept.last_error or "")


@pytest.mark.parametrize(
    "endpoint", ["http://example.org/send", "https://127.0.0.1:9/send", "https://10.0.0.1/x", "https://]/?x"]
)
async def test_no_browser_leads_the_device_into_its_own_network(endpoint: str) -> None:
    service, sender = PushService(url="https://push.example.org"), PushSender("https://hutch.local")
    place = service.place().model_copy(update={"endpoint": endpoint})
    notice = Notice("test", Kind.FINISHED, "A test", "It works.", "/")
    with pytest.raises(Problem) as refused:
        await sender.send(place, notice, VapidKey("", ""))
    assert refused.value.code in (ProblemCode.INVALID_REQUEST, ProblemCode.FORBIDDEN)
    await sender.close()


async def test_half_of_quiet_hours_is_refused(store: Store, tmp_path: Path) -> None:
    async with desk(store, tmp_path, NIGHT) as at:
        with pytest.raises(Problem):
            await at.notifications.set_wishes(Wishes(quiet_from=60))
        with pytest.raises(Problem):
            await at.notifications.add_target("x", "file:///etc/passwd")
        with pytest.raises(Problem):
            await at.notifications.remove_target(99)
