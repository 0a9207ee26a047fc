"""When and whether somebody is told; sending itself through the library to a real server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import given
from hypothesis import strategies as st

from foundation.notify.kinds import kind_of
from foundation.notify.quiet import QuietHours
from foundation.notify.sending import AppriseSender, Message
from hub.fleet.notify.claims import Note
from hub.fleet.notify.courier import MAX_LINES, compose
from hub.fleet.notify.outbox import Told
from hub.fleet.notify.timing import GATHER, RETRIES, due_at, retry_at
from protocol.problems import Problem, ProblemCode
from tests.unit.hub.fleet.examples import NOW

# One of the library's hundred plugins imports it, on Python below 3.13, where it is.
pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = QuietHours(22 * 60, 7 * 60, BERLIN)


def at(hour: int, minute: int = 0, day: int = 10) -> datetime:
    return datetime(2026, 6, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(21, 59), None),
        (at(22), at(7, day=11)),
        (at(23, 59), at(7, day=11)),
        (at(0), at(7)),
        (at(6, 59), at(7)),
        (at(7), None),
    ],
)
def test_quiet_hours_over_midnight(now: datetime, expected: datetime | None) -> None:
    assert NIGHT.until(now) == expected


@given(
    st.integers(0, 1439),
    st.integers(0, 1439),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)).map(lambda when: when.replace(tzinfo=UTC)),
)
def test_a_silence_ends_within_a_day_at_its_hour(start: int, end: int, now: datetime) -> None:
    until = QuietHours(start, end, BERLIN).until(now)
    if until is None:
        return
    # An hour more or less, twice a year.
    assert timedelta(0) < until - now.replace(second=0, microsecond=0) <= timedelta(hours=25)
    local = until.astimezone(BERLIN)
    assert abs((local.hour * 60 + local.minute) - end) in (0, 60)
    assert start != end


def test_alerts_wait_a_moment_for_others_and_for_the_end_of_the_night() -> None:
    assert due_at(NOW, None) == NOW + GATHER
    assert due_at(at(23), NIGHT) == at(7, day=11)
    assert retry_at(NOW, 1) == NOW + RETRIES[0]
    assert retry_at(NOW, len(RETRIES)) == NOW + RETRIES[-1]
    assert retry_at(NOW, len(RETRIES) + 1) is None


def note(number: int, kind: Told = "raised", severity: str = "warning") -> Note:
    return Note(number, 1, kind, severity, f"pi{number}", "The disk is full.", moot=False)


def test_many_alerts_are_one_message_of_a_bounded_length() -> None:
    one = compose([note(1)])
    assert (one.title, one.body, one.severity) == ("Hutch: pi1: The disk is full.", "pi1: The disk is full.", "warning")
    many = compose([note(number) for number in range(500)] + [note(500, severity="critical")])
    assert many.severity == "critical"
    assert len(many.body.splitlines()) == MAX_LINES + 1
    assert "481 more" in many.body
    assert compose([note(1, "cleared")]).severity is None


@pytest.mark.parametrize(
    "address",
    [
        "",
        "json",
        "json:",
        "file:///etc/passwd",
        "dbus://",
        "syslog://",
        "python://x",
        "json://[",
        "json://host/ö",
        "json://host/?redirect=yes",
        "mailto://u:p@h?PGPKEY=/etc/shadow",
        "ntfy://" + "a" * 3000,
    ],
)
def test_addresses_that_are_not_taken(address: str) -> None:
    with pytest.raises(Problem) as refused:
        kind_of(address)
    assert refused.value.code is ProblemCode.INVALID_REQUEST
    assert "shadow" not in refused.value.message


class Hook:
    """A webhook on loopback."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        self.status = 200

    async def take(self, request: web.Request) -> web.Response:
        """Keep what comes."""
        self.got.append(await request.json())
        if self.status == 302:
            return web.Response(status=302, headers={"Location": "/elsewhere"})
        return web.Response(status=self.status)


async def test_a_webhook_is_told_and_a_failure_is_a_problem_without_the_address() -> None:
    hook = Hook()
    app = web.Application()
    app.router.add_post("/{path:.*}", hook.take)
    sender = AppriseSender(allow_private=True)
    async with TestServer(app) as server:
        address = f"json://user:secret@{server.host}:{server.port}/hook"
        await sender.check(address)
        await sender.send(address, Message("title", "body", "critical"))
        assert (hook.got[0]["title"], hook.got[0]["message"], hook.got[0]["type"]) == ("title", "body", "failure")
        for status in (500, 302):
            hook.status, hook.got = status, []
            with pytest.raises(Problem) as failed:
                await sender.send(address, Message("title", "body", "warning"))
            assert failed.value.code is ProblemCode.UNAVAILABLE
            assert "secret" not in str(failed.value)
            assert len(hook.got) == 1, "a redirection is not followed"
    await sender.close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "[::1]", "169.254.169.254", "[::ffff:a00:1]"])
async def test_the_hubs_own_network_is_out_of_reach_unless_allowed(host: str) -> None:
    sender = AppriseSender()
    with pytest.raises(Problem) as refused:
        await sender.send(f"json://{host}:9/hook", Message("title", "body", None))
    assert refused.value.code is ProblemCode.FORBIDDEN
    await sender.close()


async def test_a_target_that_never_answers_is_given_up() -> None:
    async def hang(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        async for _ in request.content:
            pass
        await release.wait()
        return response

    import asyncio

    release = asyncio.Event()
    app = web.Application()
    app.router.add_post("/{path:.*}", hang)
    sender = AppriseSender(allow_private=True, within=0.3)
    async with TestServer(app) as server:
        with pytest.raises(Problem) as late:
            await sender.send(f"json://{server.host}:{server.port}/hook", Message("title", "body", None))
        release.set()
    assert late.value.code in (ProblemCode.TIMEOUT, ProblemCode.UNAVAILABLE)
    await sender.close()


async def test_an_address_that_is_not_complete_is_refused() -> None:
    sender = AppriseSender()
    with pytest.raises(Problem) as refused:
        await sender.check("slack://nonsense")
    assert refused.value.code is ProblemCode.INVALID_REQUEST
    await sender.close()
