"""The event stream."""

from __future__ import annotations

from pydantic import ConfigDict, Field, RootModel

from foundation.web.models import Body
from gateway.events.types import AnyEvent


class EventsQuery(Body):
    """Where to go on."""

    last_event_id: str | None = Field(
        None, max_length=100, description="As the header Last-Event-ID, for readers that cannot set it."
    )
    chat: bool = Field(
        False, description="Only what happens in conversations, and all of it: text as it is written, too."
    )


class EventAnswer(RootModel[object]):
    """The data of one event in the stream; ``type`` tells which."""

    # Not RootModel[AnyEvent], which would be built at the start, with every event there is.
    model_config = ConfigDict(defer_build=True)

    root: AnyEvent
