"""``/api/events``: what happens on the device, as it happens."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from foundation.web.parsing import parse_query
from foundation.web.streams.events import EventStream
from foundation.web.streams.sse import SseStream
from webui.api.models.events import EventsQuery
from webui.context import device_of, identity_of
from webui.meters import METERS
from webui.streams.audience import may_see


async def events(request: web.Request) -> web.StreamResponse:
    """Every event this role may see, from now on or after the place in ``Last-Event-ID``.

    A place that is lost (another boot, too long ago, a reader too slow) is answered by ``event: reset``: the reader
    loads what it shows anew. The stream ends with the login. With ``chat`` it has the events of conversations alone,
    those of the text that agents write among them.
    """
    query = parse_query(request, EventsQuery)
    wanted = request.headers.get("Last-Event-ID") or query.last_event_id
    identity, meters, stream = identity_of(request), request.app[METERS], SseStream(request)
    async with stream.open(identity.token.id, identity.token.expires_at) as writer:
        meters.event_streams += 1
        try:
            sees = partial(may_see, identity.person.role)
            if query.chat:
                await EventStream(writer, device_of(request).conversations.chat, sees).run(wanted)
            else:
                await EventStream(writer, device_of(request).bus, sees).run(wanted)
        finally:
            meters.event_streams -= 1
    return stream.response
