"""Pages out of templates: the frame around every page, and one way to render it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import aiohttp_jinja2
from aiohttp import web
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from foundation.web.addresses import url
from foundation.web.context import VISIT, Login, login_or_none
from foundation.web.pages import words
from foundation.web.pages.assets import Assets, Entry
from foundation.web.pages.compiled import CompiledTemplates
from foundation.web.pages.icons import Icons
from foundation.web.pages.notices import notice_of
from foundation.web.site import Frame, NavItem, Notice, Pages, site_of

ASSETS: Final[web.AppKey[Assets]] = web.AppKey("assets", Assets)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageView:
    """What every page's view has: its title, and the place in the navigation it belongs to."""

    title: str
    nav: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The frame: who is looking, at what, in which theme, with which scripts, and where all of it is."""

    product: str
    noun: str
    name: str
    """What this device or hub is called."""
    login: Login | None
    role: str
    visit: bool
    """Whether somebody else vouches for who is looking: login and theme are theirs."""
    csrf: str
    nav: tuple[NavItem, ...]
    theme: str
    path: str
    """The path and query of the page, without the prefix."""
    base: str
    """The prefix below which the browser sees all paths; scripts read it from the page."""
    main: Entry
    mark_path: str
    manifest: str
    """The path of what a phone installs; empty where it is nothing to install."""
    notice: Notice | None
    events: str
    """From where on the page's scripts read the stream of events: what happened while the page was made counts."""

    def url(self, path: str) -> str:
        """The address of a path of this application: what every ``href``, ``action`` and the like goes through."""
        return f"{self.base}{path}"


def make_environment(package: str) -> Environment:
    """Jinja, strict: a name that a view does not have is an error, and everything is escaped.

    Templates of ``package`` come before the shared ones.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, "templates"), PackageLoader("foundation.web", "templates")]),
        undefined=StrictUndefined,
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        bytecode_cache=CompiledTemplates(),
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
    """Have every template compiled (blocking), so that no request reads one from disk."""
    for name in environment.list_templates():
        environment.get_template(name)


def render(request: web.Request, template: str, view: PageView, status: int = 200) -> web.Response:
    """The page ``template`` filled with ``view``, the frame (as ``shell``) and what the application adds to it."""
    pages = pages_of(request)
    frame = pages.frame(request)
    shell = _shell(request, pages, frame)
    names = {**frame.names, "view": view, "shell": shell}
    return aiohttp_jinja2.render_template(template, request, names, status=status)


def pages_of(request: web.Request) -> Pages:
    """The pages of the application. Only applications that have some may call it."""
    pages = site_of(request).pages
    if pages is None:
        raise LookupError("this application has no pages")
    return pages


def entry_of(request: web.Request, source: str) -> Entry:
    """What a page loads beside the main script, by the source's name as in ``src/terminal/main.ts``."""
    return request.app[ASSETS].entry(source)


def theme_of(request: web.Request) -> str:
    """The theme this browser chose: ``light``, ``dark``, or empty for what the system says."""
    chosen = request.cookies.get(site_of(request).theme_cookie, "")
    return chosen if chosen in ("light", "dark") else ""


def _shell(request: web.Request, pages: Pages, frame: Frame) -> Shell:
    login, site, assets = login_or_none(request), site_of(request), request.app[ASSETS]
    return Shell(
        product=site.title,
        noun=site.noun,
        name=site.name,
        login=login,
        role=frame.role,
        visit=request.get(VISIT) is not None,
        csrf=login.csrf if login else "",
        nav=frame.nav,
        theme=theme_of(request),
        path=request.path_qs,
        base=url(request, ""),
        main=assets.entry(pages.main),
        mark_path=assets.url("src/assets/mark.svg"),
        manifest="" if request.get(VISIT) is not None else pages.manifest,
        notice=notice_of(request),
        events=frame.events,
    )
