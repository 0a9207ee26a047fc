"""Gives an application what its pages need."""

from __future__ import annotations

import asyncio

import aiohttp_jinja2
from aiohttp import web

from foundation.web.pages.assets import Assets
from foundation.web.pages.problems import render_problem
from foundation.web.pages.rendering import ASSETS, load_templates, make_environment
from foundation.web.problems import RENDER_PROBLEM
from foundation.web.site import Pages


def set_up_pages(app: web.Application, pages: Pages) -> None:
    """Templates, the built scripts and styles, and the pages that say what went wrong."""
    environment = make_environment(pages.package)
    assets = Assets()
    app[aiohttp_jinja2.APP_KEY] = environment
    app[ASSETS] = assets
    app[RENDER_PROBLEM] = render_problem

    async def load(_: web.Application) -> None:
        await asyncio.to_thread(load_templates, environment)
        await asyncio.to_thread(assets.load)

    app.on_startup.append(load)
