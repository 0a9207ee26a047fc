"""Gives the application what the pages need."""

from __future__ import annotations

from aiohttp import web


def set_up_pages(app: web.Application) -> None:
    """There are no pages yet, so there is nothing to set up."""
