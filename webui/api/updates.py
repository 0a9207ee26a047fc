"""Updates of the device: how they stand, and what a person asks for."""

from __future__ import annotations

import asyncio

from aiohttp import web

from foundation.actors import Actor
from foundation.web.answers import answer
from foundation.web.background import BACKGROUND
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query, read_body
from gateway.updates.desk import Order
from gateway.updates.types import Slot
from protocol.problems import Problem
from webui.api.models.updates import (
    InstallOrder,
    MediaAnswer,
    PieceQuery,
    PreferencesChange,
    ReleaseAnswer,
    RollbackAnswer,
    SlotAnswer,
    UpdatePreferencesAnswer,
    UpdatesAnswer,
    UpdateStateAnswer,
    UploadedAnswer,
)
from webui.context import Device, actor_of, device_of


async def show_updates(request: web.Request) -> web.Response:
    """Which version runs, where an update stands, the slots, and why the last update was taken back."""
    return await _shown(request)


async def check_channel(request: web.Request) -> web.Response:
    """Ask the channel now; what it offers stands in the answer."""
    await device_of(request).updates.updater.check()
    return await _shown(request)


async def install(request: web.Request) -> web.Response:
    """Begin to install a version; how it goes comes as events, and stands in the state."""
    body = await parse_body(request, InstallOrder)
    await begin(request, body.order())
    return await _shown(request, 202)


async def begin(request: web.Request, order: Order) -> None:
    """Look at an order and carry it out beside the requests. Raises Problem for what is refused at once."""
    device = device_of(request)
    taken = await device.updates.take(order)
    note(request).target = taken.target
    request.app[BACKGROUND].start(_install(device, taken, actor_of(request)), "install an update")
    await asyncio.sleep(0)  # it begins, so that who asks for the state sees that it does


async def put_bundle(request: web.Request) -> web.Response:
    """One piece of a bundle, as raw bytes; offset 0 begins anew, others follow what was received."""
    query = parse_query(request, PieceQuery)
    upload = await device_of(request).updates.uploads.put(query.offset, query.size, await read_body(request))
    return answer(UploadedAnswer.of(upload))


async def list_media(request: web.Request) -> web.Response:
    """Bundles on USB sticks and other media that can be taken out."""
    return answer(MediaAnswer.of(await device_of(request).updates.updater.media()))


async def restart(request: web.Request) -> web.Response:
    """Start what was installed now, instead of in the maintenance window."""
    await device_of(request).updates.updater.restart()
    return await _shown(request, 202)


async def change_preferences(request: web.Request) -> web.Response:
    """Say what is installed by itself, and when the device may restart for it."""
    body = await parse_body(request, PreferencesChange)
    await device_of(request).updates.preferences.change(automatic=body.automatic, window=body.window)
    return await _shown(request)


async def slots_of(device: Device) -> tuple[tuple[Slot, ...], str]:
    """The slots, or why they cannot be told."""
    try:
        return await device.updates.updater.slots(), ""
    except Problem as problem:
        return (), problem.message


async def _install(device: Device, order: Order, actor: Actor) -> None:
    result, target = "ok", order.target
    try:
        target = await device.updates.carry_out(order)
    except Problem as problem:
        result = problem.code.value
    await device.audit.record(actor, "update.installed", target, result)


async def _shown(request: web.Request, status: int = 200) -> web.Response:
    device = device_of(request)
    updater = device.updates.updater
    slots, unavailable = await slots_of(device)
    offered, back, upload = updater.offered(), updater.last_rollback(), device.updates.uploads.last()
    shown = UpdatesAnswer(
        running=device.version,
        state=UpdateStateAnswer.of(updater.state()),
        slots=[SlotAnswer.of(slot) for slot in slots],
        unavailable=unavailable,
        offered=None if offered is None else ReleaseAnswer.of(offered),
        rollback=None if back is None else RollbackAnswer.of(back),
        upload=None if upload is None else UploadedAnswer.of(upload),
        preferences=UpdatePreferencesAnswer.of(await device.updates.preferences.get()),
    )
    return answer(shown, status)
