"""The conversations of this device: the list, and the search over everything that was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from aiohttp import web
from markupsafe import Markup
from pydantic import ConfigDict

from foundation.web.pages.forms import FormState
from foundation.web.pages.rendering import PageView, render
from foundation.web.parsing import parse_query
from gateway.conversations.types import ConversationQuery, ConversationStatus
from webui.api.models.conversations import ConversationsQuery
from webui.context import Device, device_of
from webui.pages.talks import TalkRow, highlighted, rows_of

_PAGE = 30


class ListQuery(ConversationsQuery):
    """The API's query in the address of a page, which has words of its own beside it."""

    model_config = ConfigDict(extra="ignore")


@dataclass(frozen=True, slots=True)
class Hit:
    """A message that has the words of a search."""

    row: TalkRow
    message_id: str
    who: str
    at: datetime
    snippet: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkListView(PageView):
    """The rows, and where those after them are (empty at the end)."""

    talks: Sequence[TalkRow]
    more: str
    archived: bool
    searched: str
    at: str = ""
    """The conversation that is open beside the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationsView(TalkListView):
    """The whole page; ``hits`` stand below the rows whose titles have the words."""

    hits: Sequence[Hit]
    query: str
    """The query of the list's own address."""
    form: FormState


async def conversations_page(request: web.Request) -> web.StreamResponse:
    """GET /conversations."""
    device, query = device_of(request), parse_query(request, ListQuery)
    listed = await _listed(device, query)
    view = ConversationsView(
        title="Conversations",
        nav="conversations",
        talks=listed.talks,
        more=listed.more,
        archived=query.archived,
        searched=query.q,
        hits=await _hits(device, query.q) if query.q else (),
        query=_query(query),
        form=FormState(),
    )
    return render(request, "conversations.html", view)


async def list_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/conversations: the rows alone."""
    listed = await _listed(device_of(request), parse_query(request, ListQuery))
    return render(request, "parts/conversations.html", listed)


async def side_part(request: web.Request) -> web.StreamResponse:
    """GET /parts/conversations/side/{conversation_id}: the list beside an open conversation."""
    return render(
        request, "parts/talk_side.html", await side(device_of(request), request.match_info["conversation_id"])
    )


async def side(device: Device, at: str) -> TalkListView:
    """The latest conversations, for the list beside the one that is open."""
    page = await device.conversations.list(ConversationQuery(limit=_PAGE))
    return TalkListView(
        title="Conversations",
        nav="conversations",
        talks=await rows_of(device, page.items),
        more="/conversations" if page.next else "",
        archived=False,
        searched="",
        at=at,
    )


async def _listed(device: Device, query: ListQuery) -> TalkListView:
    page = await device.conversations.list(
        ConversationQuery(
            archived=query.archived,
            text=query.q,
            cli=query.cli,
            agent_id=query.worker,
            folder=None if query.folder is None else device.workspace.resolve(query.folder),
            status=None if query.status is None else ConversationStatus(query.status),
            limit=min(query.limit, _PAGE),
            before=query.before,
        )
    )
    after = query.model_copy(update={"before": page.next})
    return TalkListView(
        title="Conversations",
        nav="conversations",
        talks=await rows_of(device, page.items),
        more=f"/conversations?{_query(after)}" if page.next else "",
        archived=query.archived,
        searched=query.q,
    )


async def _hits(device: Device, text: str) -> list[Hit]:
    found = await device.conversations.search(text)
    rows = {row.info.id: row for row in await rows_of(device, [one.conversation for one in found])}
    return [
        Hit(
            row=rows[one.conversation.id],
            message_id=one.message_id,
            who="You" if one.role == "user" else "Agent",
            at=one.at,
            snippet=highlighted(one.snippet),
        )
        for one in found
    ]


def _query(query: ListQuery) -> str:
    values = query.model_dump(mode="json", exclude_defaults=True, exclude_none=True)
    return urlencode({name: "true" if value is True else str(value) for name, value in values.items()})
