"""``hutch fleet login`` and ``logout``."""

from __future__ import annotations

import argparse
import getpass
import socket
import sys

from pydantic import BaseModel, SecretStr

from appliance.cli.answers import Nothing
from appliance.cli.fleet.account import Access, Account, hub_address
from appliance.cli.fleet.client import HubClient, with_hub
from protocol.problems import Problem, ProblemCode

_LONGEST = 1024


class _User(BaseModel):
    name: str


class _Login(BaseModel):
    access_token: SecretStr
    user: _User


class _Me(BaseModel):
    user: _User


class _Token(BaseModel):
    id: int
    current: bool = False


class _NewToken(BaseModel):
    token: _Token
    secret: SecretStr


class _Tokens(BaseModel):
    tokens: list[_Token]


def log_in(options: argparse.Namespace, account: Account) -> int:
    """Get a token of this machine's own, or take one from standard input, and keep it."""
    url = hub_address(options.url)
    if options.token_stdin:
        token = SecretStr(sys.stdin.readline(_LONGEST + 2).strip())
        name = with_hub(Access(url=url, token=token), _me)
    else:
        username = options.name or input("Name: ")
        password = getpass.getpass("Password: ")
        name, token = _by_password(url, username, password)
    account.write(Access(url=url, token=token))
    print(f"Logged in to {url} as {name}.")
    return 0


def log_out(_options: argparse.Namespace, account: Account) -> int:
    """Revoke the token and forget it."""
    access = account.read()
    try:
        with_hub(access, _revoke)
    except Problem as problem:
        if problem.code is not ProblemCode.NOT_LOGGED_IN:
            raise
    account.remove()
    print("Logged out.")
    return 0


def _by_password(url: str, username: str, password: str) -> tuple[str, SecretStr]:
    """A login, used once to make an API token that can be listed and revoked by its name."""

    async def log_in_once(hub: HubClient) -> _Login:
        return await hub.ask("POST", "/api/auth/login", _Login, {"username": username, "password": password})

    login = with_hub(Access(url=url, token=SecretStr("")), log_in_once)

    async def make_token(hub: HubClient) -> SecretStr:
        label = f"hutch fleet on {socket.gethostname()}"[:64]
        made = await hub.ask("POST", "/api/tokens", _NewToken, {"label": label})
        await hub.ask("POST", "/api/auth/logout", Nothing)
        return made.secret

    return login.user.name, with_hub(Access(url=url, token=login.access_token), make_token)


async def _me(hub: HubClient) -> str:
    return (await hub.ask("GET", "/api/auth/me", _Me)).user.name


async def _revoke(hub: HubClient) -> None:
    for token in (await hub.ask("GET", "/api/tokens", _Tokens)).tokens:
        if token.current:
            await hub.ask("DELETE", f"/api/tokens/{token.id}", Nothing)
