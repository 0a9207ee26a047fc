"""Looking after the device as a whole: backup, restore, factory reset, support bundle."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from aiohttp import web

from foundation.actors import Actor
from foundation.web.answers import answer, nothing
from foundation.web.background import BACKGROUND
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query, read_body
from gateway.care.types import Saved
from protocol.problems import Problem
from webui.api.downloads import send_file
from webui.api.models.care import (
    CareAnswer,
    CareStateAnswer,
    CheckedAnswer,
    NewBackup,
    NewRestore,
    ReceivedAnswer,
    ResetOrder,
    RestorePieceQuery,
    SavedAnswer,
)
from webui.context import Device, actor_of, device_of


async def show_care(request: web.Request) -> web.Response:
    """What goes on, which backup lies ready, and which one waits to be restored."""
    return await _shown(request)


async def make_backup(request: web.Request) -> web.Response:
    """Begin a backup; how it goes comes as events, and stands in the state. It lies ready for an hour."""
    body = await parse_body(request, NewBackup)
    await begin_backup(request, body.passphrase.get_secret_value(), body.folders)
    return await _shown(request, 202)


async def begin_backup(request: web.Request, passphrase: str, folders: tuple[str, ...]) -> None:
    """Begin it, and note in the audit log how it ends. Raises Problem for what is refused at once."""
    note(request).details["folders"] = list(folders[:100])
    device = device_of(request)
    saving = await device.care.save(passphrase, folders)
    request.app[BACKGROUND].start(_record(device, saving, actor_of(request)), "make a backup")


async def download_backup(request: web.Request) -> web.StreamResponse:
    """The backup that lies ready, as a file; a broken download goes on where it stopped."""
    return await send_file(request, await device_of(request).care.fetch())


async def remove_backup(request: web.Request) -> web.Response:
    """Give the backup up that is being made, and remove the one that lies ready."""
    await device_of(request).care.forget()
    return nothing()


async def begin_restore(request: web.Request) -> web.Response:
    """Announce a backup that comes in pieces. Nothing of the device changes until it is restored."""
    body = await parse_body(request, NewRestore)
    note(request).details["size"] = body.size
    await device_of(request).care.bring(body.passphrase.get_secret_value(), body.size)
    return await _shown(request, 201)


async def put_piece(request: web.Request) -> web.Response:
    """One piece of a backup, as raw bytes, in their order; passphrase, version and space are known with the first."""
    query = parse_query(request, RestorePieceQuery)
    care = device_of(request).care
    received = await care.piece(query.offset, await read_body(request))
    checked = care.checked()
    return answer(ReceivedAnswer(received=received, checked=None if checked is None else CheckedAnswer.of(checked)))


async def give_restore_up(request: web.Request) -> web.Response:
    """Forget the backup that was brought; the device is as it was."""
    await device_of(request).care.give_up()
    return nothing()


async def restore(request: web.Request) -> web.Response:
    """Start anew as the backup that was brought has it."""
    await begin_restored(request)
    return await _shown(request, 202)


async def begin_restored(request: web.Request) -> None:
    """The same for the page. Raises Problem."""
    care = device_of(request).care
    checked = care.checked()
    if checked is not None:
        note(request).target = checked.device
    await care.restore()


async def reset(request: web.Request) -> web.Response:
    """Make a new device of this one: it forgets people, keys, settings and sessions."""
    body = await parse_body(request, ResetOrder)
    note(request).details["workspace"] = body.workspace
    await device_of(request).care.reset(body.name, workspace=body.workspace)
    return await _shown(request, 202)


async def support(request: web.Request) -> web.StreamResponse:
    """A support bundle: what somebody who helps wants to see, without secrets. It takes some seconds to make."""
    return await send_file(request, await device_of(request).care.support())


async def _record(device: Device, saving: Awaitable[Saved], actor: Actor) -> None:
    result, target = "ok", ""
    try:
        saved = await asyncio.shield(asyncio.ensure_future(saving))
        target = saved.name
    except Problem as problem:
        result = problem.code.value
    await device.audit.record(actor, "care.backup_made", target, result)


async def _shown(request: web.Request, status: int = 200) -> web.Response:
    care = device_of(request).care
    saved, checked = care.saved(), care.checked()
    shown = CareAnswer(
        state=CareStateAnswer.of(care.state()),
        folders=list(await care.folders()),
        saved=None if saved is None else SavedAnswer.of(saved),
        received=care.received(),
        checked=None if checked is None else CheckedAnswer.of(checked),
    )
    return answer(shown, status)
