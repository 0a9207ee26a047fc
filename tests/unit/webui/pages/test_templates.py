"""Templates, icons and tables hold together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from gateway.accounts.types import Role
from webui.pages import rendering
from webui.pages.notices import NOTICES, back_to
from webui.pages.rendering import load_templates, make_environment
from webui.pages.routes import PAGE_ROUTES
from webui.pages.settings import PLACES

TEMPLATES = Path(rendering.__file__).parents[1] / "templates"


def test_every_template_compiles_and_every_icon_is_there() -> None:
    environment = make_environment()
    load_templates(environment)
    icon = environment.globals["icon"]
    assert callable(icon)
    for file in TEMPLATES.rglob("*.html"):
        for name in re.findall(r'icon\("([a-z-]+)"', file.read_text()):
            assert "<svg" in icon(name)


def test_a_name_that_a_view_lacks_is_an_error_and_text_is_escaped() -> None:
    environment = make_environment()
    with pytest.raises(UndefinedError):
        environment.from_string("{{ view.missing }}").render(view=object())
    assert environment.from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"


def test_nothing_in_a_template_needs_more_than_the_strict_policy_allows() -> None:
    for file in TEMPLATES.rglob("*.html"):
        text = file.read_text()
        assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:|<style", text), file.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), file.name
        assert "|safe" not in text, file.name


def test_every_form_sends_its_token() -> None:
    for file in TEMPLATES.rglob("*.html"):
        for form in re.findall(r'<form[^>]*method="post".*?</form>', file.read_text(), re.DOTALL):
            assert "csrf(shell)" in form or 'action="/login"' in form or 'action="/setup"' in form, file.name


def test_every_change_is_audited_and_needs_a_role() -> None:
    open_to_all = {"/setup", "/login", "/theme"}
    for route in PAGE_ROUTES:
        assert route.kind == ("page" if route.method == "GET" else "form")
        if route.method == "POST":
            assert route.path == "/theme" or route.audit
            assert route.role is not None or route.path in open_to_all


def test_settings_are_shown_to_whom_their_page_is_open() -> None:
    roles = {route.path: route.role for route in PAGE_ROUTES if route.method == "GET"}
    assert {place.address: place.role for place in PLACES} == {place.address: roles[place.address] for place in PLACES}
    assert Role.VIEWER in {place.role for place in PLACES}


def test_a_change_leads_back_with_its_notice() -> None:
    answer = back_to("/files", "file-moved", path="a&b")
    assert (answer.status, answer.headers["Location"]) == (303, "/files?path=a%26b&done=file-moved")
    with pytest.raises(KeyError):
        back_to("/", "not-a-notice")
    assert all(notice.text.endswith(".") for notice in NOTICES.values())
