"""One suite for both buses: they behave the same."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from hub.nodes.bus import MAX_DATA, Bus, Message
from protocol.problems import Problem, ProblemCode

Buses = tuple[Bus, Bus]


async def echo(message: Message) -> bytes:
    return message.subject.encode() + b" " + message.data


async def settle(bus: Bus, subject: str) -> None:
    """Wait until what was subscribed and published before has arrived: a question goes the same way."""
    while True:
        try:
            await bus.request(subject, b"", within=5)
        except Problem as problem:
            if problem.code is not ProblemCode.DEVICE_OFFLINE:
                raise
        else:
            return


async def test_a_question_is_answered(buses: Buses) -> None:
    one, other = buses
    await other.subscribe("hutch.device.d-1.*", echo)
    await settle(one, "hutch.device.d-1.call")
    assert await one.request("hutch.device.d-1.call", b"hello", within=5) == b"hutch.device.d-1.call hello"


async def test_nobody_listening_is_told_at_once(buses: Buses) -> None:
    one, other = buses
    await other.subscribe("hutch.device.d-1.*", echo)
    with pytest.raises(Problem) as raised:
        await one.request("hutch.device.d-2.call", b"", within=30)
    assert raised.value.code is ProblemCode.DEVICE_OFFLINE
    assert raised.value.details == {"sent": False}


async def test_after_the_end_of_a_subscription_nobody_listens(buses: Buses) -> None:
    one, other = buses
    subscription = await other.subscribe("a.b", echo)
    await settle(one, "a.b")
    await subscription.close()
    await subscription.close()
    await other.subscribe("a.after", echo)
    await settle(one, "a.after")
    with pytest.raises(Problem) as raised:
        await one.request("a.b", b"", within=5)
    assert raised.value.code is ProblemCode.DEVICE_OFFLINE


async def test_a_problem_reaches_the_asker(buses: Buses) -> None:
    one, other = buses

    async def refuse(_message: Message) -> bytes:
        raise Problem(ProblemCode.NAME_TAKEN, "Another one has it. Choose a new name.", {"name": "x"})

    await other.subscribe("a.refuse", refuse)
    await other.subscribe("a.echo", echo)
    await settle(one, "a.echo")
    with pytest.raises(Problem) as raised:
        await one.request("a.refuse", b"", within=5)
    assert (raised.value.code, raised.value.details) == (ProblemCode.NAME_TAKEN, {"name": "x"})


async def test_a_handler_that_fails_is_a_problem_and_the_next_question_is_answered(buses: Buses) -> None:
    one, other = buses

    async def fail(message: Message) -> bytes:
        return b"%d" % (10 // len(message.data))

    await other.subscribe("a.fail", fail)
    await other.subscribe("a.echo", echo)
    await settle(one, "a.echo")
    with capture_logs() as logs, pytest.raises(Problem) as raised:
        await one.request("a.fail", b"", within=5)
    assert raised.value.code is ProblemCode.INTERNAL
    assert [log["subject"] for log in logs] == ["a.fail"]
    assert await one.request("a.fail", b"12345", within=5) == b"2"


async def test_a_late_answer_is_a_timeout(buses: Buses) -> None:
    one, other = buses
    never = asyncio.Event()

    async def wait(_message: Message) -> None:
        await never.wait()

    await other.subscribe("a.wait", wait)
    await other.subscribe("a.echo", echo)
    await settle(one, "a.echo")
    with pytest.raises(Problem) as raised:
        await one.request("a.wait", b"", within=0.05)
    assert (raised.value.code, raised.value.details) == (ProblemCode.TIMEOUT, {"sent": True})
    never.set()


async def test_questions_are_handled_side_by_side(buses: Buses) -> None:
    one, other = buses
    both = asyncio.Barrier(2)

    async def meet(_message: Message) -> bytes:
        await both.wait()
        return b"met"

    await other.subscribe("a.meet", meet)
    await other.subscribe("a.echo", echo)
    await settle(one, "a.echo")
    assert await asyncio.gather(*(one.request("a.meet", b"", within=5) for _ in range(2))) == [b"met", b"met"]


async def test_messages_reach_every_listener_in_their_order(buses: Buses) -> None:
    one, other = buses
    heard: dict[str, list[bytes]] = {"first": [], "second": []}
    done = asyncio.Barrier(3)

    def listener(name: str) -> object:
        async def listen(message: Message) -> None:
            heard[name].append(message.data)
            if message.data == b"99":
                await done.wait()

        return listen

    for name in heard:
        await other.subscribe("news.*", listener(name))  # type: ignore[arg-type]  # made above
    await other.subscribe("a.echo", echo)
    await settle(one, "a.echo")
    for number in range(100):
        await one.publish("news.today", b"%d" % number)
    async with asyncio.timeout(10):
        await done.wait()
    assert heard["first"] == heard["second"] == [b"%d" % number for number in range(100)]


async def test_of_one_queue_one_gets_each_message(buses: Buses) -> None:
    one, other = buses
    served: list[str] = []

    async def first(_message: Message) -> bytes:
        served.append("first")
        return b"1"

    async def second(_message: Message) -> bytes:
        served.append("second")
        return b"2"

    await one.subscribe("device.x.*", first, "holder")
    await other.subscribe("device.x.*", second, "holder")
    await other.subscribe("a.echo", echo)
    await settle(one, "a.echo")
    for _ in range(50):
        await one.request("device.x.call", b"", within=5)
    assert len(served) == 50
    assert set(served) == {"first", "second"}


async def test_a_message_of_three_mebibytes_arrives_and_one_over_the_limit_does_not(buses: Buses) -> None:
    one, other = buses
    await other.subscribe("a.echo", echo)
    await settle(one, "a.echo")
    text = b"line of a terminal 123\r\n" * (3 * 1024 * 1024 // 24)
    assert await one.request("a.echo", text, within=20) == b"a.echo " + text
    with pytest.raises(Problem) as raised:
        await one.request("a.echo", bytes(MAX_DATA + 1), within=5)
    assert raised.value.code is ProblemCode.TOO_LARGE


async def test_an_answer_over_the_limit_is_a_problem_for_the_asker(buses: Buses) -> None:
    one, other = buses

    async def big(_message: Message) -> bytes:
        return bytes(MAX_DATA + 1)

    await other.subscribe("a.big", big)
    await other.subscribe("a.echo", echo)
    await settle(one, "a.echo")
    with pytest.raises(Problem) as raised:
        await one.request("a.big", b"", within=5)
    assert raised.value.code is ProblemCode.TOO_LARGE


@pytest.mark.parametrize("subject", ["", "a b", "a..b", "a.*", "a\r\nPUB x 0", "a.>", "ä", "a.b\n"])
async def test_what_is_no_subject_is_never_sent(buses: Buses, subject: str) -> None:
    with pytest.raises(ValueError, match="a subject is words"):
        await buses[0].publish(subject, b"")
    with pytest.raises(ValueError, match="a subject is words"):
        await buses[0].request(subject, b"", within=1)


async def test_what_is_no_pattern_is_never_listened_to(buses: Buses) -> None:
    for subject in ("*", ">", "a.*.b", "a.>.b", "a b"):
        with pytest.raises(ValueError, match="listen to words"):
            await buses[0].subscribe(subject, echo)
