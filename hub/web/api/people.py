"""People: who has an account on the hub."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, parse_query, path_number
from hub.people.accounts import AccountChange
from hub.people.tokens import refuse_programs
from hub.web.api.models.people import NewPerson, PeopleAnswer, PeopleQuery, PersonAnswer, PersonChange
from hub.web.context import hub_of, identity_of


async def list_people(request: web.Request) -> web.Response:
    """Everybody with an account, by name."""
    query = parse_query(request, PeopleQuery)
    found = await hub_of(request).people.accounts.page(query.after, query.limit)
    following = found[-1].name if len(found) == query.limit else None
    return answer(PeopleAnswer(people=[PersonAnswer.of(person) for person in found], next=following))


async def add_person(request: web.Request) -> web.Response:
    """Give somebody an account; an owner of an organisation invites them to it."""
    body = await parse_body(request, NewPerson)
    refuse_programs(identity_of(request))
    said = note(request)
    said.target = body.username
    said.details["administrator"] = body.administrator
    person = await hub_of(request).people.accounts.add(
        body.username, body.password.get_secret_value(), administrator=body.administrator, email=body.email
    )
    return answer(PersonAnswer.of(person), 201)


async def change_person(request: web.Request) -> web.Response:
    """Change what somebody may do to the hub, their address or their password, which ends all their logins."""
    body = await parse_body(request, PersonChange)
    refuse_programs(identity_of(request))
    said = note(request)
    said.details.update(body.model_dump(mode="json", include={"administrator", "email"}, exclude_none=True))
    said.details["new_password"] = body.password is not None
    password = body.password.get_secret_value() if body.password else None
    person = await hub_of(request).people.accounts.change(
        path_number(request, "person_id"), AccountChange(body.administrator, password, body.email)
    )
    said.target = person.name
    return answer(PersonAnswer.of(person))


async def remove_person(request: web.Request) -> web.Response:
    """Take somebody's account away, with all that lets them in."""
    refuse_programs(identity_of(request))
    person = await hub_of(request).people.accounts.remove(path_number(request, "person_id"))
    note(request).target = person.name
    return nothing()
