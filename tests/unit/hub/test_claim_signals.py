from __future__ import annotations

import asyncio

from hub.claim_signals import LocalClaimSignals


async def test_all_who_wait_for_a_device_are_rung_for() -> None:
    signals = LocalClaimSignals()
    async with signals.listen("a") as one, signals.listen("a") as two, signals.listen("b") as other:
        waiting = [asyncio.create_task(bell.wait(60)) for bell in (one, two)]
        await signals.ring("a")
        assert await asyncio.gather(*waiting) == [True, True]
        assert not await other.wait(0)


async def test_a_ring_before_the_wait_counts_once() -> None:
    signals = LocalClaimSignals()
    async with signals.listen("a") as bell:
        await signals.ring("a")
        await signals.ring("a")
        assert await bell.wait(60)
        assert not await bell.wait(0)


async def test_nobody_who_left_is_remembered() -> None:
    signals = LocalClaimSignals()
    async with signals.listen("a"):
        pass
    await signals.ring("a")
    assert signals._bells == {}
