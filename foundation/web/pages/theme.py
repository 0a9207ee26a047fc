"""Light, dark, or what the system says: kept in a cookie, so that the first paint is already right."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from foundation.web.addresses import cookie_path, local_path
from foundation.web.pages.forms import read_form
from foundation.web.pages.notices import see
from foundation.web.site import site_of

_A_YEAR = 365 * 24 * 3600


class ThemeForm(BaseModel):
    """The choice, and the page it was made on."""

    model_config = ConfigDict(extra="ignore")

    theme: Literal["auto", "light", "dark"]
    back: str = "/"


async def choose_theme(request: web.Request) -> web.StreamResponse:
    """POST /theme: remember the choice and go back to the page."""
    form = await read_form(request, ThemeForm)
    answer = see(request, local_path(form.back))
    site, path = site_of(request), cookie_path(request)
    if form.theme == "auto":
        answer.del_cookie(site.theme_cookie, path=path)
    else:
        answer.set_cookie(
            site.theme_cookie,
            form.theme,
            path=path,
            max_age=_A_YEAR,
            samesite="Strict",
            httponly=True,
            secure=site.secure_cookies,
        )
    return answer
