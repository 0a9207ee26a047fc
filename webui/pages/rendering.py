"""Pages out of templates: the frame around every page, and one way to render it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import aiohttp_jinja2
from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

from gateway.accounts.types import Person, Role
from webui.context import device_of, identity_or_none
from webui.pages import words
from webui.pages.assets import Assets, Entry
from webui.pages.icons import Icons
from webui.pages.notices import NOTICES, Notice

ASSETS: Final[web.AppKey[Assets]] = web.AppKey("assets", Assets)
THEME_COOKIE: Final = "hutch_theme"

Nav = Literal["home", "files", "settings", "docs", ""]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """What every page's view has: its title, and the place in the navigation it belongs to."""

    title: str
    nav: Nav = ""


@dataclass(frozen=True, slots=True)
class Shell:
    """The frame: who is looking, at which device, in which theme, with which scripts."""

    device: str
    person: Person | None
    csrf: str
    theme: str
    path: str
    main: Entry
    terminal: Entry
    mark_url: str
    notice: Notice | None

    def may(self, role: str) -> bool:
        """Whether the person may do what ``role`` may."""
        return self.person is not None and self.person.role.may(Role(role))


def make_environment() -> Environment:
    """Jinja, strict: a name that a view does not have is an error, and everything is escaped."""
    environment = Environment(
        loader=PackageLoader("webui", "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    icons = Icons(environment)
    environment.globals.update(icon=icons.icon, mark=icons.mark)
    environment.filters.update(
        size=words.size,
        duration=words.duration,
        ago=words.ago,
        day=words.day,
        moment=words.moment,
        plural=words.plural,
        pair=words.pair,
        breakable=words.breakable,
        browser=words.browser,
    )
    return environment


def load_templates(environment: Environment) -> None:
    """Compile every template (blocking), so that no request reads one from disk."""
    for name in environment.list_templates():
        environment.get_template(name)


def render(request: web.Request, template: str, view: PageView, status: int = 200) -> web.Response:
    """The page ``template`` filled with ``view`` (as ``view``) and the frame (as ``shell``)."""
    return aiohttp_jinja2.render_template(template, request, {"view": view, "shell": _shell(request)}, status=status)


def theme_of(request: web.Request) -> str:
    """The theme this browser chose: ``light``, ``dark``, or empty for what the system says."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in ("light", "dark") else ""


def _shell(request: web.Request) -> Shell:
    identity = identity_or_none(request)
    assets = request.app[ASSETS]
    return Shell(
        device=device_of(request).name,
        person=identity.person if identity else None,
        csrf=identity.csrf if identity else "",
        theme=theme_of(request),
        path=request.path_qs,
        main=assets.entry("src/main.ts"),
        terminal=assets.entry("src/terminal/main.ts"),
        mark_url=assets.url("src/assets/mark.svg"),
        notice=NOTICES.get(request.query.get("done", "")),
    )
