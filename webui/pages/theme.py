"""Light, dark, or what the system says: kept in a cookie, so that the first paint is already right."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from webui.context import device_of
from webui.pages.addresses import local_path
from webui.pages.forms import read_form
from webui.pages.notices import see
from webui.pages.rendering import THEME_COOKIE

_A_YEAR = 365 * 24 * 3600


class ThemeForm(BaseModel):
    """The choice, and the page it was made on."""

    model_config = ConfigDict(extra="ignore")

    theme: Literal["auto", "light", "dark"]
    back: str = "/"


async def choose_theme(request: web.Request) -> web.StreamResponse:
    """POST /theme: remember the choice and go back to the page."""
    form = await read_form(request, ThemeForm)
    answer = see(local_path(form.back))
    secure = device_of(request).secure_cookies
    if form.theme == "auto":
        answer.del_cookie(THEME_COOKIE, path="/")
    else:
        answer.set_cookie(
            THEME_COOKIE, form.theme, path="/", max_age=_A_YEAR, samesite="Strict", httponly=True, secure=secure
        )
    return answer
