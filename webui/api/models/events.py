"""The event stream."""

from __future__ import annotations

from pydantic import Field, RootModel

from gateway.events.types import AnyEvent
from webui.api.models.base import Body


class EventsQuery(Body):
    """Where to go on."""

    last_event_id: str | None = Field(
        None, max_length=100, description="As the header Last-Event-ID, for readers that cannot set it."
    )


class EventAnswer(RootModel[AnyEvent]):
    """The data of one event in the stream; ``type`` tells which."""
