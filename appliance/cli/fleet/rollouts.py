"""``hutch fleet rollout …``: releases for the devices of a group."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from pydantic import BaseModel, JsonValue

from appliance.cli.fleet.account import Account
from appliance.cli.fleet.client import HubClient, with_hub
from protocol.problems import Problem, ProblemCode

MOVES = {
    "approve": "Let a proposed rollout begin.",
    "pause": "Tell no further device for now.",
    "resume": "Go on after a pause or a halt.",
    "halt": "Stop it as it would stop itself.",
    "cancel": "End it for good.",
    "retry": "Give failed devices another turn.",
}


class _Release(BaseModel):
    version: str


class _Rollout(BaseModel):
    id: int
    group_id: int
    release: _Release
    state: str
    reason: str
    stage: int
    stages: list[JsonValue]
    counts: dict[str, int]


class _Rollouts(BaseModel):
    rollouts: list[_Rollout]


class _Target(BaseModel):
    name: str
    state: str
    error: str


class _Targets(BaseModel):
    targets: list[_Target]


class _Group(BaseModel):
    id: int
    name: str


class _Groups(BaseModel):
    groups: list[_Group]


def show(options: argparse.Namespace, account: Account) -> int:
    """Print the rollouts, newest first, or one of them with its devices that failed."""

    async def read(hub: HubClient) -> tuple[list[_Rollout], list[_Target]]:
        if options.rollout is None:
            return (await hub.ask("GET", "/api/rollouts", _Rollouts)).rollouts, []
        one = await hub.ask("GET", f"/api/rollouts/{options.rollout}", _Rollout)
        failed = await hub.ask(
            "GET", f"/api/rollouts/{options.rollout}/targets", _Targets, query={"state": "failed", "limit": "500"}
        )
        return [one], failed.targets

    rollouts, failed = with_hub(account.read(), read)
    for one in rollouts:
        print(_line(one))
    for target in failed:
        print(f"  {target.name}: {target.error}")
    if not rollouts:
        print("No rollouts. Propose one with: hutch fleet rollout new GROUP --url … --sha256 … --release …")
    return 0


def new(options: argparse.Namespace, account: Account) -> int:
    """Propose a rollout and print its id."""
    stages: list[JsonValue] = [_stage(text) for text in (options.stages or "100%").split(",")]

    async def propose(hub: HubClient) -> _Rollout:
        group = await _find_group(hub, options.group)
        body: dict[str, JsonValue] = {
            "release": {"url": options.url, "sha256": options.sha256, "version": options.release},
            "stages": stages,
            "threshold": {"failures": options.failures},
        }
        return await hub.ask("POST", f"/api/groups/{group}/rollouts", _Rollout, body)

    print(with_hub(account.read(), propose).id)
    return 0


def mover(word: str) -> Callable[[argparse.Namespace, Account], int]:
    """The command that moves a rollout this way."""

    def move(options: argparse.Namespace, account: Account) -> int:
        async def ask(hub: HubClient) -> _Rollout:
            body: dict[str, JsonValue] = {}
            return await hub.ask("POST", f"/api/rollouts/{options.rollout}/{word}", _Rollout, body)

        print(_line(with_hub(account.read(), ask)))
        return 0

    return move


def _stage(text: str) -> JsonValue:
    """``5``, ``10%``, each with ``:SECONDS`` of soak behind it or not."""
    amount, _, soak = text.strip().partition(":")
    number = amount.removesuffix("%")
    if not number.isdecimal() or (soak and not soak.isdecimal()):
        raise Problem(
            ProblemCode.INVALID_REQUEST, "Write stages like 1:3600,10%:3600,100% (count or share, seconds to watch)."
        )
    key = "percent" if amount.endswith("%") else "count"
    return {key: int(number), "soak_seconds": int(soak or 0)}


async def _find_group(hub: HubClient, wanted: str) -> int:
    for group in (await hub.ask("GET", "/api/groups", _Groups)).groups:
        if wanted in (str(group.id), group.name):
            return group.id
    raise Problem(ProblemCode.NOT_FOUND, f"There is no group “{wanted}”. See them on the hub's page.")


def _line(one: _Rollout) -> str:
    counts = ", ".join(f"{number} {state}" for state, number in one.counts.items() if number)
    where = f"stage {one.stage + 1} of {len(one.stages)}"
    reason = f"  {one.reason}" if one.reason else ""
    return f"{one.id:>5}  {one.release.version:<12}  {one.state:<10}  {where}  {counts}{reason}"
