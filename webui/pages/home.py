"""The first page: how the device is, what runs on it, and what to do next. Its parts are also served alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aiohttp import web

from foundation.web.pages.forms import FormState
from foundation.web.pages.rendering import PageView, render
from foundation.web.pages.tiles import Tile, tiles_of
from gateway.accounts.types import Role
from gateway.conversations.types import ConversationQuery, ConversationStatus
from gateway.host.boot_notes import BootNote
from gateway.sessions.types import SessionInfo, SessionStatus
from webui.context import Device, device_of, identity_of
from webui.pages.folders import folder_in_words
from webui.pages.new_session import NewSessionForm, new_session_form
from webui.pages.settings_updates import Standing, standing_without_slots
from webui.pages.talks import TalkRow, first_those_that_wait, rows_of

_OVER = (SessionStatus.ENDED, SessionStatus.FAILED)
_TALKS = 5
"""Conversations on the first page, beside those that wait or work."""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session in the list."""

    info: SessionInfo
    agent: str
    """The CLI's name in words, or ``Shell``."""
    folder: str
    over: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthView(PageView):
    """The tiles; empty before the first measurement."""

    tiles: Sequence[Tile]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentsNoticeView(PageView):
    """Whether agents can be started."""

    agents_away: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsView(PageView):
    """The sessions, the ones that are over last."""

    sessions: Sequence[SessionRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class TalksView(PageView):
    """The conversations: those that wait for a person first."""

    talks: Sequence[TalkRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeView(PageView):
    """All of the first page."""

    talks: Sequence[TalkRow]
    tiles: Sequence[Tile]
    sessions: Sequence[SessionRow]
    model: str
    uptime_seconds: int | None
    hub_state: str
    hub_hint: bool
    standing: Standing
    boot_notes: Sequence[BootNote]
    agent_hint: bool
    agents_away: bool
    new: NewSessionForm
    form: FormState


async def home(request: web.Request) -> web.StreamResponse:
    """GET /."""
    device = device_of(request)
    now = datetime.now(UTC)
    system = await asyncio.to_thread(device.sampler.system_info)
    latest = device.latest_health()
    new = await new_session_form(device)
    admin = identity_of(request).person.role is Role.ADMIN
    view = HomeView(
        title="Home",
        nav="home",
        talks=await _talks(device),
        tiles=await _tiles(device, now),
        sessions=_sessions(device, new),
        model=system.model or system.os,
        uptime_seconds=latest.uptime_seconds if latest else None,
        hub_state=device.hub_link.status.state,
        standing=standing_without_slots(device),
        boot_notes=device.boot_notes,
        hub_hint=admin and device.hub_link.status.state == "off",
        agents_away=not device.agents_reached(),
        agent_hint=not any(choice.installed for choice in new.agents),
        new=new,
        form=FormState(),
    )
    return render(request, "home.html", view)


async def health_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/health: the tiles alone, for the script that keeps the page fresh."""
    tiles = await _tiles(device_of(request), datetime.now(UTC))
    return render(request, "parts/health.html", HealthView(title="Health", tiles=tiles))


async def agents_notice_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/agents-notice: what home says of the account that agents work in, alone."""
    away = not device_of(request).agents_reached()
    return render(request, "parts/agents_notice.html", AgentsNoticeView(title="Agents", agents_away=away))


async def sessions_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/sessions: the list alone."""
    device = device_of(request)
    sessions = _sessions(device, await new_session_form(device))
    return render(request, "parts/sessions.html", SessionsView(title="Sessions", sessions=sessions))


async def talks_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/talks: the conversations alone."""
    talks = await _talks(device_of(request))
    return render(request, "parts/talks.html", TalksView(title="Conversations", talks=talks))


async def _talks(device: Device) -> Sequence[TalkRow]:
    """Everything that waits or works, and the latest of the rest."""
    found = {}
    for status in (ConversationStatus.WAITING, ConversationStatus.WORKING, None):
        page = await device.conversations.list(ConversationQuery(status=status, limit=20 if status else _TALKS))
        found.update({one.id: one for one in page.items})
    return first_those_that_wait(await rows_of(device, list(found.values())))


async def _tiles(device: Device, now: datetime) -> Sequence[Tile]:
    latest = device.latest_health()
    if latest is None:
        return ()
    samples = await device.health_history.since(now - timedelta(hours=1), points=120)
    system = await asyncio.to_thread(device.sampler.system_info)
    return tiles_of(latest, samples, system.cpus, now)


def _sessions(device: Device, new: NewSessionForm) -> Sequence[SessionRow]:
    titles = {choice.name: choice.title for choice in new.agents}
    rows = [
        SessionRow(
            info=info,
            agent=titles.get(info.agent, info.agent) if info.agent else "Shell",
            folder=folder_in_words(info.workdir, device.workspace.root),
            over=info.status in _OVER,
        )
        for info in device.sessions.list()
    ]
    return sorted(rows, key=lambda row: (row.over, -row.info.last_activity_at.timestamp()))
