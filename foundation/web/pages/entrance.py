"""The ways in, which are alike on a device and on a hub: logging in, and making a new one yours."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from foundation.accounts.rules import MIN_PASSWORD
from foundation.web.addresses import local_path
from foundation.web.pages.forms import FormState, posted
from foundation.web.pages.rendering import PageView


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginView(PageView):
    """The form, and where the person wanted to go."""

    form: FormState
    next: str


class LoginForm(BaseModel):
    """Who somebody says they are."""

    model_config = ConfigDict(extra="ignore")

    username: str = Field(min_length=1, max_length=200)
    password: str = Field(min_length=1, max_length=1024)
    next: str = "/"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupView(PageView):
    """The form of the first run."""

    form: FormState
    min_password: int = MIN_PASSWORD


class SetupForm(BaseModel):
    """The code that proves that somebody runs it, and its first person."""

    model_config = ConfigDict(extra="ignore")

    code: str = Field(min_length=1, max_length=64)
    username: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


async def wanted_by(request: web.Request) -> str:
    """Where somebody whose login was refused wanted to go: a path of ours."""
    return local_path((await posted(request)).get("next", "/"))
