"""What the handlers of the OpenCode API work with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from gateway.conversations.attachments import Attachments
from gateway.conversations.service import ConversationService
from gateway.conversations.voice import ChatBus
from gateway.programs.types import Programs
from gateway.sessions.manager import Sessions
from gateway.workspaces.folders import Workspace


@dataclass(frozen=True, slots=True)
class OpenCode:
    """The parts of the device behind this API. ``clis`` are the agent CLIs by name, with their titles."""

    conversations: ConversationService
    sessions: Sessions
    workspace: Workspace
    programs: Programs
    attachments: Attachments
    chat: ChatBus
    version: str
    clis: Mapping[str, str]
    default_cli: str
    """Which CLI answers in a session made without a model."""
    started_at: datetime
    """When the daemon started, aware UTC."""


OPENCODE = web.AppKey("opencode", OpenCode)


def opencode_of(request: web.Request) -> OpenCode:
    """The parts behind the API that answers this request."""
    return request.app[OPENCODE]
