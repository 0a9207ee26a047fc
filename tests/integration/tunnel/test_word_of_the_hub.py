"""Who gets in over the hub's door of a device, and who does not, whatever the hub or a thief of its socket sends."""

from __future__ import annotations

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import ClientSession, UnixConnector
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc import jws
from joserfc.jwk import OctKey, OKPKey

from protocol.streams.assertion import ASSERTION_HEADER, ASSERTION_SECONDS, ASSERTION_TYPE, CLOCK_LEEWAY
from tests.integration.tunnel.rig import DEVICE_ID, HUB_NAME, TunnelRig
from tests.integration.webui.rig import Answered

GOOD = {
    "iss": HUB_NAME,
    "aud": DEVICE_ID,
    "sub": "7",
    "name": "ann",
    "role": "admin",
    "jti": "login-1",
    "prefix": f"/devices/{DEVICE_ID}",
    "host": "hub.example.org",
    "scheme": "https",
    "cookie": False,
}


def said(**other: object) -> dict[str, Any]:
    now = int(time.time())
    return {**GOOD, "iat": now, "exp": now + ASSERTION_SECONDS, **other}


def signed(rig: TunnelRig, claims: Mapping[str, Any]) -> str:
    """The claims as the hub's own key signs them, sense or nonsense."""
    return sealed(claims, OKPKey.import_key(rig.private))


def sealed(claims: Mapping[str, Any], key: OKPKey | OctKey, **head: Any) -> str:  # noqa: ANN401 (as JSON has it)
    full = {"alg": "Ed25519", "typ": ASSERTION_TYPE, **head}
    return jws.serialize_compact(full, json.dumps(claims), key, algorithms=[full["alg"]])


async def knock(
    rig: TunnelRig, headers: Mapping[str, str], path: str = "/api/auth/me", method: str = "GET"
) -> Answered:
    """A request straight to the door, as whoever holds the other end of the link can send it."""
    async with (
        ClientSession(connector=UnixConnector(str(rig.door.path))) as session,
        session.request(method, f"http://x{path}", headers=headers, allow_redirects=False) as answer,
    ):
        return await Answered.read(answer)


async def test_the_word_is_enough(rig: TunnelRig) -> None:
    answer = await knock(rig, {ASSERTION_HEADER: signed(rig, said())})
    assert (answer.status, answer.json["user"]["name"]) == (200, "ann (hub)")


@pytest.mark.parametrize(
    "other",
    [
        {"aud": "another-device"},
        {"iss": "another.hub"},
        {"role": "owner"},
        {"role": "root"},
        {"prefix": "/devices/x/../.."},
        {"prefix": "https://evil"},
        {"host": 'x"y'},
        {"name": "a\x00b"},
        {"name": "x" * 1000},
        {"exp": 2**40},
        {"iat": "now"},
        {"sub": None},
    ],
    ids=lambda other: next(iter(other)),
)
async def test_a_word_for_something_else(rig: TunnelRig, other: dict[str, object]) -> None:
    answer = await knock(rig, {ASSERTION_HEADER: signed(rig, said(**other))})
    assert (answer.status, answer.code) == (401, "not_logged_in")


@pytest.mark.parametrize("off", [-ASSERTION_SECONDS - CLOCK_LEEWAY - 5, CLOCK_LEEWAY + 5])
async def test_an_old_word_and_one_of_the_future(rig: TunnelRig, off: int) -> None:
    now = int(time.time()) + off
    answer = await knock(rig, {ASSERTION_HEADER: signed(rig, said(iat=now, exp=now + ASSERTION_SECONDS))})
    assert answer.code == "clock_wrong"


@pytest.mark.parametrize("off", [-CLOCK_LEEWAY + 5, CLOCK_LEEWAY - 5])
async def test_clocks_that_are_a_little_apart(rig: TunnelRig, off: int) -> None:
    now = int(time.time()) + off
    answer = await knock(rig, {ASSERTION_HEADER: signed(rig, said(iat=now, exp=now + ASSERTION_SECONDS))})
    assert answer.status == 200


def _part(value: object) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def _forgeries(rig: TunnelRig) -> dict[str, str]:
    good = signed(rig, said())
    head, body, signature = good.split(".")
    theirs = OKPKey.import_key(Ed25519PrivateKey.generate())
    none, other = _part({"alg": "none", "typ": ASSERTION_TYPE}), _part(said(sub="1"))
    return {
        "another key": sealed(said(), theirs),
        "no signature": f"{head}.{body}.",
        "cut": good[:-4],
        "no algorithm": f"{none}.{body}.",
        "the public key as a secret": sealed(said(), OctKey.import_key(rig.hub.key.public_bytes), alg="HS256"),
        "a key in the head": sealed(said(), theirs, jwk=theirs.as_dict(private=False)),
        "a longer signature": f"{head}.{body}.{signature}{signature}",
        "another body": f"{head}.{other}.{signature}",
        "nothing": "",
        "noise": "a.b.c",
        "long": "x" * 7000,
    }


async def test_forged_words(rig: TunnelRig) -> None:
    for name, token in _forgeries(rig).items():
        answer = await knock(rig, {ASSERTION_HEADER: token})
        assert (name, answer.code) == (name, "not_logged_in")


async def test_another_kind_of_signed_text_is_no_word(rig: TunnelRig) -> None:
    for typ in ("JWT", "", "hutch-proof+jwt"):
        token = sealed(said(), OKPKey.import_key(rig.private), typ=typ)
        assert (await knock(rig, {ASSERTION_HEADER: token})).code == "not_logged_in"


async def test_the_door_is_not_the_console_and_takes_no_other_login(rig: TunnelRig) -> None:
    assert (await knock(rig, {})).code == "not_logged_in"
    await rig.rig.add_people()
    for headers in (rig.rig.bearer(), rig.rig.cookie(), {"X-Forwarded-For": "127.0.0.1"}):
        assert (await knock(rig, headers)).code == "not_logged_in"
    both = {**rig.rig.bearer(), ASSERTION_HEADER: signed(rig, said(role="viewer"))}
    answer = await knock(rig, both)
    assert answer.json["user"]["role"] == "viewer"


async def test_the_console_is_still_the_console(rig: TunnelRig) -> None:
    async with ClientSession(connector=UnixConnector(str(rig.rig.root / "console.sock"))) as session:
        async with session.get("http://localhost/api/auth/me") as answer:
            assert (await answer.json())["user"]["name"] == "console"
        headers = {ASSERTION_HEADER: signed(rig, said(role="viewer"))}
        async with session.get("http://localhost/api/auth/me", headers=headers) as answer:
            assert (await answer.json())["user"]["name"] == "console"


async def test_the_word_counts_at_the_door_alone(rig: TunnelRig) -> None:
    await rig.rig.add_people()
    answer = await rig.rig.call("GET", "/api/auth/me", role=None, headers={ASSERTION_HEADER: signed(rig, said())})
    assert answer.code == "not_logged_in"


async def test_the_origin_is_the_one_that_the_hub_signed(rig: TunnelRig) -> None:
    token = signed(rig, said())
    for origin, status in (
        ("https://hub.example.org", 404),
        ("http://hub.example.org", 403),
        ("https://evil.example.org", 403),
        ("null", 403),
    ):
        headers = {ASSERTION_HEADER: token, "Origin": origin}
        assert (await knock(rig, headers, "/api/agents/none/install", "POST")).status == status


async def test_a_clock_that_is_off_is_named_on_the_page(rig: TunnelRig) -> None:
    rig.hub.clock[0] = -3600.0
    answer = await rig.ask("GET", "/")
    assert answer.code == "clock_wrong"
    assert "clock" in answer.json["error"]["message"]


async def test_a_device_that_pinned_another_key_says_so_on_the_page(rig: TunnelRig) -> None:
    rig.hub.rekey()
    answer = await rig.ask("GET", "/")
    assert (answer.status, answer.code) == (502, "hub_refused")
