"""The tables are complete: what is missing in one is found here and not by a person."""

from __future__ import annotations

from typing import get_args

from foundation.web.routing import AnyRoute
from gateway.events.types import AnyEvent
from webui.api.downloads import attachment
from webui.api.routes import API_ROUTES
from webui.routes import ROUTES
from webui.streams.audience import AUDIENCE

NOT_AUDITED = {
    "/api/files/uploads/{transfer_id}/chunks/{seq}",
    "/api/updates/bundle",
    "/api/care/restore/file",
}
"""One record for each piece would drown the log; what becomes of an upload has its own."""


def test_every_event_has_an_audience() -> None:
    union = get_args(AnyEvent)[0]
    types = {event.model_fields["type"].default for event in get_args(union)}
    assert set(AUDIENCE) == types


def test_every_change_is_audited() -> None:
    silent = {route.path for route in API_ROUTES if route.method != "GET" and route.audit is None}
    assert silent == NOT_AUDITED


def test_no_address_is_there_twice() -> None:
    rows = [(route.method, route.path) for route in ROUTES]
    assert len(rows) == len(set(rows))


def test_open_addresses_are_these_and_no_others() -> None:
    assert {_row(route) for route in API_ROUTES if route.role is None} == {
        "POST /api/setup",
        "POST /api/auth/login",
        "GET /health",
    }


def test_every_handler_says_what_it_does() -> None:
    assert [_row(route) for route in API_ROUTES if not route.handler.__doc__] == []


def test_file_names_are_safe_in_headers() -> None:
    assert attachment('a"b\r\nSet-Cookie: x.txt') == (
        "attachment; filename=\"a_b__Set-Cookie_ x.txt\"; filename*=UTF-8''a%22b%0D%0ASet-Cookie%3A%20x.txt"
    )
    assert attachment("päper.pdf").endswith("filename*=UTF-8''p%C3%A4per.pdf")


def _row(route: AnyRoute) -> str:
    return f"{route.method} {route.path}"
