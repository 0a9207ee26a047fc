"""Conversations as lists show them, and the forms that do something with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from markupsafe import Markup, escape
from pydantic import BaseModel, ConfigDict, Field

from foundation.web.context import note
from foundation.web.models import NO_CONTROLS
from foundation.web.pages.forms import posted, read_form
from foundation.web.pages.notices import back_to, see
from gateway.conversations.types import (
    Conversation,
    ConversationStatus,
    NewMessage,
    Permission,
    PermissionRequest,
    Reply,
)
from gateway.sessions.types import SessionSpec, SessionStatus
from protocol.problems import Problem
from webui.context import Device, device_of, identity_of
from webui.pages.folders import folder_in_words

_OVER = (SessionStatus.ENDED, SessionStatus.FAILED)
_ORDER = (ConversationStatus.WAITING, ConversationStatus.WORKING, ConversationStatus.FAILED, ConversationStatus.IDLE)


@dataclass(frozen=True, slots=True)
class TalkRow:
    """A conversation in a list."""

    info: Conversation
    title: str
    agent: str
    """The worker's name, or the CLI's in words."""
    folder: str
    asked: PermissionRequest | None = None
    """What it waits for."""


class RenameForm(BaseModel):
    """Another title."""

    model_config = ConfigDict(extra="ignore")

    title: str = Field(min_length=1, max_length=200)


class MannerForm(BaseModel):
    """What the agent may do of itself, and its model; an empty one is the CLI's own choice."""

    model_config = ConfigDict(extra="ignore")

    permission: Permission
    model: str = Field("", max_length=200, pattern=NO_CONTROLS)


class ArchiveForm(BaseModel):
    """Out of the list, or back."""

    model_config = ConfigDict(extra="ignore")

    archived: bool


class ReplyForm(BaseModel):
    """An answer to what an agent asks."""

    model_config = ConfigDict(extra="ignore")

    reply: Reply


class SendForm(BaseModel):
    """A message, from a browser without scripts."""

    model_config = ConfigDict(extra="ignore")

    text: str = Field(min_length=1, max_length=60_000)


async def rows_of(device: Device, conversations: Sequence[Conversation]) -> list[TalkRow]:
    """The rows for some conversations, in their order."""
    names = {worker.id: worker.name for worker in await device.workers.list()}
    asked = {request.conversation_id: request for request in await device.conversations.permissions()}
    return [
        TalkRow(
            info=one,
            title=one.title or "New conversation",
            agent=names.get(one.agent_id or "") or cli_in_words(device, one.cli),
            folder=folder_in_words(one.folder, device.workspace.root),
            asked=asked.get(one.id),
        )
        for one in conversations
    ]


def first_those_that_wait(rows: Sequence[TalkRow]) -> list[TalkRow]:
    """Who needs a person comes first, then who works; the order among equals stays."""
    return sorted(rows, key=lambda row: _ORDER.index(row.info.status))


def cli_in_words(device: Device, cli: str) -> str:
    """A CLI's name for people, also of one that this version does not know."""
    try:
        return device.agents.title(cli)
    except Problem:
        return cli


def highlighted(snippet: str) -> Markup:
    """A snippet of a search: what stands between U+0002 and U+0003 is marked."""
    marked = str(escape(snippet)).replace("\x02", "<mark>").replace("\x03", "</mark>")
    return Markup(marked)  # noqa: S704 - escaped above


async def send_message(request: web.Request) -> web.StreamResponse:
    """POST /conversations/{conversation_id}/messages."""
    form = await read_form(request, SendForm)
    message = NewMessage(text=form.text, by=identity_of(request).person.name, origin="page")
    await device_of(request).conversations.send(_id(request), message)
    return see(request, f"/conversations/{_id(request)}")


async def stop(request: web.Request) -> web.StreamResponse:
    """POST /conversations/{conversation_id}/stop."""
    await device_of(request).conversations.cancel(_id(request))
    return see(request, f"/conversations/{_id(request)}")


async def retry(request: web.Request) -> web.StreamResponse:
    """POST /conversations/{conversation_id}/retry."""
    await device_of(request).conversations.retry(_id(request))
    return see(request, f"/conversations/{_id(request)}")


async def rename(request: web.Request) -> web.StreamResponse:
    """POST /conversations/{conversation_id}/rename."""
    form = await read_form(request, RenameForm)
    await device_of(request).conversations.rename(_id(request), form.title)
    return see(request, f"/conversations/{_id(request)}")


async def change_manner(request: web.Request) -> web.StreamResponse:
    """POST /conversations/{conversation_id}/manner."""
    form, conversations = await read_form(request, MannerForm), device_of(request).conversations
    before = await conversations.get(_id(request))
    if form.permission is not before.permission:
        note(request).details["permission"] = form.permission.value
        await conversations.permit(before.id, form.permission, by=identity_of(request).person.name)
    model = form.model.strip() or None
    if model != before.model:
        await conversations.choose_model(before.id, model)
    return see(request, f"/conversations/{before.id}")


async def archive(request: web.Request) -> web.StreamResponse:
    """POST /conversations/{conversation_id}/archive."""
    form = await read_form(request, ArchiveForm)
    await device_of(request).conversations.archive(_id(request), form.archived)
    return back_to(request, "/conversations", "talk-archived" if form.archived else "talk-returned")


async def remove(request: web.Request) -> web.StreamResponse:
    """POST /conversations/{conversation_id}/remove."""
    await device_of(request).conversations.remove(_id(request))
    return back_to(request, "/conversations", "talk-removed")


async def answer(request: web.Request) -> web.StreamResponse:
    """POST /permissions/{permission_id}: from the first page, or from a browser without scripts."""
    form = await read_form(request, ReplyForm)
    note(request).details["reply"] = form.reply.value
    by = identity_of(request).person.name
    asked = await device_of(request).conversations.answer(request.match_info["permission_id"], form.reply, by=by)
    note(request).details["conversation"] = asked.conversation_id
    if (await posted(request)).get("from") == "home":
        return back_to(request, "/", "permission-answered")
    return see(request, f"/conversations/{asked.conversation_id}")


async def open_terminal(request: web.Request) -> web.StreamResponse:
    """POST /conversations/{conversation_id}/terminal: a shell in its folder, the one that is there or a new one."""
    device = device_of(request)
    conversation = await device.conversations.get(_id(request))
    for info in device.sessions.list():
        if info.workdir == conversation.folder and info.agent is None and info.status not in _OVER:
            return see(request, f"/sessions/{info.id}")
    taken = {info.name for info in device.sessions.list() if info.status not in _OVER}
    stem = conversation.folder.name[:40] or "shell"
    name = next(name for name in (stem, *(f"{stem}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)
    info = await device.sessions.create(SessionSpec(name=name, workdir=conversation.folder, returns=False))
    note(request).details["session"] = info.id
    return see(request, f"/sessions/{info.id}")


def _id(request: web.Request) -> str:
    return request.match_info["conversation_id"]
