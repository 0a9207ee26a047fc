"""Templates, icons and tables hold together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from foundation.web.pages import rendering
from foundation.web.pages.rendering import load_templates, make_environment
from gateway.accounts.types import Role
from webui import server
from webui.pages.notices import NOTICES
from webui.pages.routes import PAGE_ROUTES
from webui.pages.settings import PLACES

FOLDERS = (Path(rendering.__file__).parents[1] / "templates", Path(server.__file__).parent / "templates")
TEMPLATES = [file for folder in FOLDERS for file in sorted(folder.rglob("*.html"))]


def test_every_template_compiles_and_every_icon_is_there() -> None:
    environment = make_environment("webui")
    load_templates(environment)
    icon = environment.globals["icon"]
    assert callable(icon)
    for file in TEMPLATES:
        for name in re.findall(r'icon\("([a-z-]+)"', file.read_text()):
            assert "<svg" in icon(name)


def test_a_name_that_a_view_lacks_is_an_error_and_text_is_escaped() -> None:
    environment = make_environment("webui")
    with pytest.raises(UndefinedError):
        environment.from_string("{{ view.missing }}").render(view=object())
    assert environment.from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"


def test_nothing_in_a_template_needs_more_than_the_strict_policy_allows() -> None:
    for file in TEMPLATES:
        text = file.read_text()
        assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:|<style", text), file.name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), file.name
        assert "|safe" not in text, file.name


def test_every_form_sends_its_token() -> None:
    for file in TEMPLATES:
        for form in re.findall(r'<form[^>]*method="post".*?</form>', file.read_text(), re.DOTALL):
            assert "csrf(shell)" in form or "url('/login')" in form or "url('/setup')" in form, file.name


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


def test_every_notice_is_a_sentence_and_every_change_has_one() -> None:
    said = set()
    for file in Path(server.__file__).parent.glob("pages/*.py"):
        text = file.read_text()
        said |= {
            word for call in re.findall(r"back_to\(([^)]*)\)", text) for word in re.findall(r'"([a-z]+-[a-z-]+)"', call)
        }
    assert said
    assert said <= set(NOTICES)
    assert all(notice.text.endswith(".") for notice in NOTICES.values())
