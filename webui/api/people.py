"""People: who has an account, and with which role."""

from __future__ import annotations

from aiohttp import web

from foundation.web.answers import answer, nothing
from foundation.web.context import note
from foundation.web.parsing import parse_body, path_number
from protocol.problems import Problem, ProblemCode
from webui.api.models.accounts import NewPerson, PeopleAnswer, PersonAnswer, PersonChange
from webui.context import device_of


async def list_people(request: web.Request) -> web.Response:
    """Everybody with an account."""
    people = await device_of(request).accounts.people()
    return answer(PeopleAnswer(people=[PersonAnswer.of(person) for person in people]))


async def add_person(request: web.Request) -> web.Response:
    """Give somebody an account."""
    body = await parse_body(request, NewPerson)
    note(request).target = body.username
    note(request).details["role"] = body.role.value
    person = await device_of(request).accounts.add_person(body.username, body.password.get_secret_value(), body.role)
    return answer(PersonAnswer.of(person), 201)


async def change_person(request: web.Request) -> web.Response:
    """Give somebody another role or password; all their logins and tokens end."""
    person_id = path_number(request, "person_id")
    body = await parse_body(request, PersonChange)
    if body.role is None and body.password is None:
        raise Problem(ProblemCode.INVALID_REQUEST, "Say what to change: role, password or both.")
    accounts = device_of(request).accounts
    said = note(request)
    if body.password is not None:
        said.details["new_password"] = True
        await accounts.change_password(person_id, body.password.get_secret_value())
    if body.role is not None:
        said.details["role"] = body.role.value
        await accounts.change_role(person_id, body.role)
    person = next((person for person in await accounts.people() if person.id == person_id), None)
    if person is None:
        raise Problem(ProblemCode.NOT_FOUND, "There is nobody with this number. Reload the list of people.")
    said.target = person.name
    return answer(PersonAnswer.of(person))


async def remove_person(request: web.Request) -> web.Response:
    """Take somebody's account away."""
    await device_of(request).accounts.remove_person(path_number(request, "person_id"))
    return nothing()
