"""The fleet: devices as they are, sessions over all of them, what happened."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from aiohttp import web

from foundation.web.answers import answer
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query
from foundation.web.streams.events import EventStream
from foundation.web.streams.sse import SseStream
from hub.events import AnyHubEvent, DeviceChanged, GroupChanged
from hub.fleet.alerts.engine import THRESHOLDS
from hub.fleet.alerts.types import Thresholds
from hub.fleet.devices import DeviceQuery
from hub.fleet.sessions import SessionQuery
from hub.store.tables.devices import devices
from hub.store.tables.fleet import device_events
from hub.web.api.models import fleet as models
from hub.web.context import hub_of, identity_of
from hub.web.security.devices import DEVICE_ROW
from hub.web.security.scopes import GROUP


def _mine(request: web.Request) -> sa.ColumnElement[bool]:
    """The rows of ``devices`` that somebody has a role for."""
    return identity_of(request).grants.groups().clause(devices.c.organisation_id, devices.c.group_id)


async def list_devices(request: web.Request) -> web.Response:
    """A page of the devices one sees."""
    query = parse_query(request, models.DevicesQuery)
    fleet = hub_of(request).fleet
    await fleet.writer.freshen()
    page = await fleet.devices.page(
        DeviceQuery(
            _mine(request),
            q=query.q,
            group_id=query.group,
            tag=query.tag,
            state=query.state,
            sort=query.sort,
            after=query.after,
            limit=query.limit,
        )
    )
    return answer(models.DevicesAnswer(devices=[models.DeviceState.of(one) for one in page.devices], next=page.after))


async def summary(request: web.Request) -> web.Response:
    """The fleet in numbers, and the tags there are."""
    fleet, mine = hub_of(request).fleet, _mine(request)
    await fleet.writer.freshen()
    return answer(models.SummaryAnswer.of(await fleet.devices.summary(mine), await fleet.tags.used(mine)))


async def show_state(request: web.Request) -> web.Response:
    """One device and how it is."""
    fleet = hub_of(request).fleet
    await fleet.writer.freshen()
    return answer(models.DeviceState.of(await fleet.devices.get(request[DEVICE_ROW].id)))


async def put_tags(request: web.Request) -> web.Response:
    """Give a device these tags and no others."""
    body = await parse_body(request, models.TagsBody)
    row, fleet = request[DEVICE_ROW], hub_of(request).fleet
    note(request).target = row.name
    tags = await fleet.tags.set(row.id, body.tags)
    note(request).details["tags"] = list(tags)
    fleet.announcer.publish(
        DeviceChanged(
            organisation_id=row.organisation_id,
            group_id=row.group_id,
            device_id=row.id,
            name=row.name,
            changed=("tags",),
        )
    )
    return answer(models.TagsAnswer(tags=list(tags)))


async def health(request: web.Request) -> web.Response:
    """Health of the last hours, for charts."""
    query = parse_query(request, models.HealthQuery)
    start = datetime.now(UTC) - timedelta(hours=query.hours)
    return answer(models.HealthAnswer.of(await hub_of(request).fleet.history.since(request[DEVICE_ROW].id, start)))


async def list_sessions(request: web.Request) -> web.Response:
    """Sessions over all devices one sees."""
    query = parse_query(request, models.SessionsQuery)
    fleet = hub_of(request).fleet
    await fleet.writer.freshen()
    page = await fleet.sessions.page(
        SessionQuery(
            _mine(request),
            q=query.q,
            status=(query.status,) if query.status else (),
            group_id=query.group,
            device_id=query.device,
            with_offline=query.offline,
            after=query.after,
            limit=query.limit,
        )
    )
    shown = [models.FleetSession.of(one) for one in page.sessions]
    return answer(models.FleetSessionsAnswer(sessions=shown, next=page.after))


async def list_events(request: web.Request) -> web.Response:
    """What happened, newest first; ``before`` turns the page."""
    query = parse_query(request, models.TrailQuery)
    reach = identity_of(request).grants.groups()
    where = reach.clause(device_events.c.organisation_id, device_events.c.group_id)
    found = await hub_of(request).fleet.trail.read(
        where, device_id=query.device, before=query.before, limit=query.limit
    )
    return answer(models.TrailAnswer(events=[models.HappenedAnswer.of(one) for one in found]))


async def events(request: web.Request) -> web.StreamResponse:
    """What happens, as it happens, from now on or after the place in ``Last-Event-ID``.

    A place that is lost (another node or start, too long ago, a reader too slow) is answered by ``event: reset``.
    """
    query = parse_query(request, models.EventsQuery)
    wanted = request.headers.get("Last-Event-ID") or query.last_event_id
    identity, stream = identity_of(request), SseStream(request)
    reach = identity.grants.groups()

    def sees(event: AnyHubEvent) -> bool:
        return reach.covers(event.organisation_id, event.group_id)

    async with stream.open(identity.token.id, identity.token.expires_at) as writer:
        await EventStream(writer, hub_of(request).fleet.announcer.bus, sees).run(wanted)
    return stream.response


async def show_thresholds(request: web.Request) -> web.Response:
    """When a group's devices need a look."""
    return answer(models.ThresholdsAnswer(thresholds=hub_of(request).fleet.limits.of(request[GROUP].id)))


async def put_thresholds(request: web.Request) -> web.Response:
    """Say when a group's devices need a look."""
    body = await parse_body(request, models.ThresholdsBody)
    thresholds = Thresholds(**body.model_dump())
    await keep_thresholds(request, thresholds)
    return answer(models.ThresholdsAnswer(thresholds=thresholds))


async def keep_thresholds(request: web.Request, thresholds: Thresholds) -> None:
    """Set the thresholds of the group that the path names, and tell the other nodes."""
    group, fleet = request[GROUP], hub_of(request).fleet
    note(request).target = group.name
    await fleet.limits.set(group.id, thresholds)
    fleet.announcer.publish(
        GroupChanged(organisation_id=group.organisation_id, group_id=group.id, changed=(THRESHOLDS,))
    )
