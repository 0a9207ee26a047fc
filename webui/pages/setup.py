"""Gives the application what the pages need."""

from __future__ import annotations

import asyncio

import aiohttp_jinja2
from aiohttp import web

from webui.context import RENDER_PROBLEM
from webui.pages.assets import Assets
from webui.pages.problems import render_problem
from webui.pages.rendering import ASSETS, load_templates, make_environment


def set_up_pages(app: web.Application) -> None:
    """Templates, the built scripts and styles, and the pages that say what went wrong."""
    environment = make_environment()
    assets = Assets()
    app[aiohttp_jinja2.APP_KEY] = environment
    app[ASSETS] = assets
    app[RENDER_PROBLEM] = render_problem

    async def load(_: web.Application) -> None:
        await asyncio.to_thread(load_templates, environment)
        await asyncio.to_thread(assets.load)

    app.on_startup.append(load)
