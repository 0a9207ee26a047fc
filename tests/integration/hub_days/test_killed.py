"""The hub is killed in the middle of things: nothing accepted is lost, and nothing is told twice that happens once."""

from __future__ import annotations

from contextlib import AsyncExitStack

from pydantic import JsonValue

from protocol.commands import GatewayUpdate, SessionInput, SessionResize
from tests.integration.hub_days.gateway import Gateway
from tests.integration.hub_days.town import Answer, Json, Town

VERSION = "2.0.0"
DEVICES = ("garden-1", "garden-2", "garden-3")


def counts(answer: Answer) -> dict[str, JsonValue]:
    found = answer.body["counts"]
    assert isinstance(found, dict)
    return found


def finished(answer: Answer) -> bool:
    return answer.body.get("state") == "finished"


async def begin_rollout(town: Town) -> str:
    """One device first, then everybody; the path of the rollout."""
    release: Json = {"url": "https://hub.example/hutch.raucb", "sha256": "0f" * 32, "version": VERSION}
    stages: list[JsonValue] = [{"count": 1}, {"percent": 100}]
    made = await town.ask("POST", "/api/groups/1/rollouts", {"release": release, "stages": stages})
    assert made.status == 201, made
    path = f"/api/rollouts/{made.body['id']}"
    assert (await town.ask("POST", f"{path}/approve")).status == 200
    return path


def updates(gateways: list[Gateway]) -> list[int]:
    return [len(one.heard(GatewayUpdate)) for one in gateways]


async def test_a_rollout_goes_on_after_its_hub_was_killed_and_tells_nobody_twice(alone: Town) -> None:
    gateways = [await alone.gateway(name) for name in DEVICES]
    async with AsyncExitStack() as stack:
        for one in gateways:
            one.silent_on = lambda command: isinstance(command, GatewayUpdate)
            await stack.enter_async_context(one.running())
        await alone.online(*DEVICES)
        path = await begin_rollout(alone)
        first = gateways[0]
        await first.until(lambda: bool(first.heard(GatewayUpdate)))
        await alone.kill_and_restart()
        await alone.online(*DEVICES)
        assert updates(gateways) == [1, 0, 0]
        # Only now it answers the question of the hub that is dead; then it comes back with the new version.
        await first.finish_update(first.heard(GatewayUpdate)[0])
        for one in gateways[1:]:
            await one.until(lambda one=one: bool(one.heard(GatewayUpdate)))  # type: ignore[misc]
        await alone.kill_and_restart()
        await alone.online(*DEVICES)
        for one in gateways[1:]:
            # These never say that it is in place: they are simply back with it.
            await one.restart(VERSION)
        done = await alone.until(path, finished)
    assert counts(done)["done"] == 3
    assert updates(gateways) == [1, 1, 1]


async def test_a_device_that_was_away_during_the_restart_has_its_update_counted(alone: Town) -> None:
    gateway = await alone.gateway("garden-1")
    gateway.silent_on = lambda command: isinstance(command, GatewayUpdate)
    async with gateway.running():
        await alone.online("garden-1")
        path = await begin_rollout(alone)
        await gateway.until(lambda: bool(gateway.heard(GatewayUpdate)))
        gateway.version = VERSION  # it has restarted by the time it reaches the hub again
        await alone.kill_and_restart()
        done = await alone.until(path, finished)
    assert (counts(done)["done"], updates([gateway])) == (1, [1])


def typing(text: str) -> Json:
    return {"type": "session.input", "session_id": "s-1", "data": text}


async def test_a_queue_of_commands_outlives_the_hub_that_was_killed_in_the_middle_of_it(alone: Town) -> None:
    gateway = await alone.gateway("garden-1")
    resize: Json = {"type": "session.resize", "session_id": "s-1", "cols": 90, "rows": 30}
    accepted = [await alone.queue("garden-1", one) for one in (typing("MQ=="), typing("Mg=="), resize)]
    assert [one.status for one in accepted] == [202, 202, 202]
    # Accepted while the device was away: they wait through a death of the hub as well.
    await alone.kill_and_restart()
    gateway.silent_on = lambda command: isinstance(command, SessionInput) and command.data == b"2"
    async with gateway.running():
        await gateway.until(lambda: len(gateway.heard(SessionInput)) == 2)
        await alone.kill_and_restart()
        states = await alone.settled("garden-1")
    # Nobody knows whether the second was typed, so nobody types it again; the size may be told twice and was not.
    assert states == ["acked", "unknown", "acked"]
    assert [command.data for command in gateway.heard(SessionInput)] == [b"1", b"2"]
    assert len(gateway.heard(SessionResize)) == 1


async def test_a_command_without_an_answer_that_may_be_repeated_is_told_again(alone: Town) -> None:
    gateway = await alone.gateway("garden-1")
    gateway.silent_on = lambda command: isinstance(command, SessionResize)
    async with gateway.running():
        await alone.online("garden-1")
        resize: Json = {"type": "session.resize", "session_id": "s-1", "cols": 90, "rows": 30}
        assert (await alone.queue("garden-1", resize)).status == 202
        await gateway.until(lambda: bool(gateway.heard(SessionResize)))
        gateway.silent_on = lambda _command: False
        await alone.kill_and_restart()
        assert await alone.settled("garden-1") == ["acked"]
    assert len(gateway.heard(SessionResize)) == 2
