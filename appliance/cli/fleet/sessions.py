"""``hutch fleet session …`` and ``hutch fleet run``: sessions on the devices of a hub."""

from __future__ import annotations

import argparse
import re
import shlex
from urllib.parse import quote

from pydantic import BaseModel

from appliance.cli.fleet import devices
from appliance.cli.fleet.account import Account
from appliance.cli.fleet.client import HubClient, Page, with_hub
from appliance.cli.fleet.terminal import Terminal
from protocol.fields import SESSION_ID_PATTERN
from protocol.problems import Problem, ProblemCode


class _Session(BaseModel):
    device_id: str
    device_name: str
    session_id: str
    name: str
    agent: str | None
    status: str
    title: str


class _Sessions(Page):
    sessions: list[_Session]


class _Started(BaseModel):
    session_id: str


class _Ended(BaseModel):
    exit_code: int | None


def show(options: argparse.Namespace, account: Account) -> int:
    """Print the sessions of all devices, or of one, a line each."""

    async def every(hub: HubClient) -> list[_Session]:
        query = {"device": (await devices.find(hub, options.device)).id} if options.device else {}
        return await _listed(hub, query)

    found = with_hub(account.read(), every)
    if options.json:
        print(_Sessions(sessions=found).model_dump_json(indent=2))
        return 0
    if not found:
        print("No sessions. Start one with: hutch fleet session new DEVICE NAME")
    for one in found:
        print(_line(one))
    return 0


def new(options: argparse.Namespace, account: Account) -> int:
    """Start a session and print its id."""

    async def start(hub: HubClient) -> str:
        device = await devices.find(hub, options.device)
        return await _start(hub, device.id, options.name, options.agent or "none", options.workdir or ".")

    print(with_hub(account.read(), start))
    return 0


def end(options: argparse.Namespace, account: Account) -> int:
    """End a session."""

    async def stop(hub: HubClient) -> None:
        device, session = await _find(hub, options.device, options.session)
        await hub.ask("DELETE", f"/api/devices/{quote(device)}/sessions/{quote(session)}", _Ended)

    with_hub(account.read(), stop)
    print("Ended.")
    return 0


def attach(options: argparse.Namespace, account: Account) -> int:
    """Show a session in this terminal until it ends or the person leaves."""

    async def look(hub: HubClient) -> int:
        device, session = await _find(hub, options.device, options.session)
        async with hub.terminal(device, session) as socket:
            return await Terminal(socket, session).interact()

    return with_hub(account.read(), look)


def run(options: argparse.Namespace, account: Account) -> int:
    """Run a command in a session of its own; its exit code is this command's."""
    words = options.line[1:] if options.line[:1] == ["--"] else options.line
    if not words:
        raise Problem(ProblemCode.INVALID_REQUEST, "Say what to run: hutch fleet run DEVICE -- COMMAND")
    line = words[0] if len(words) == 1 else shlex.join(words)

    async def watch(hub: HubClient) -> int:
        device = await devices.find(hub, options.device)
        session = await _start(hub, device.id, f"run {words[0]}"[:64], "none", options.workdir or ".")
        async with hub.terminal(device.id, session) as socket:
            return await Terminal(socket, session).run(line)

    return with_hub(account.read(), watch)


async def _start(hub: HubClient, device_id: str, name: str, agent: str, workdir: str) -> str:
    body = {"name": name, "agent": agent, "workdir": workdir}
    return (await hub.ask("POST", f"/api/devices/{quote(device_id)}/sessions", _Started, body)).session_id


async def _find(hub: HubClient, device: str, wanted: str) -> tuple[str, str]:
    """The ids of a device and of its session, by id or name."""
    device_id = (await devices.find(hub, device)).id
    for one in await _listed(hub, {"device": device_id}):
        if wanted in (one.session_id, one.name):
            return device_id, one.session_id
    if re.fullmatch(SESSION_ID_PATTERN, wanted):
        # A session that began a moment ago is not in the hub's list yet; its device knows it.
        return device_id, wanted
    raise Problem(ProblemCode.NOT_FOUND, f"There is no session “{wanted}”. See them with: hutch fleet session list")


async def _listed(hub: HubClient, query: dict[str, str]) -> list[_Session]:
    return [one async for page in hub.pages("/api/sessions", _Sessions, query) for one in page.sessions]


def _line(one: _Session) -> str:
    agent = one.agent or "shell"
    where = f"{one.device_name:<24}  {one.session_id}"
    return f"{where}  {one.status:<8}  {one.name:<24}  {agent:<12}  {one.title}".rstrip()
