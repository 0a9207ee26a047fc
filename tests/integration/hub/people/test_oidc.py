"""Login at an OpenID provider: one that is scripted, for all that can be wrong with an answer, and a real one."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hub.config import HubSettings
from hub.people.accounts import AccountChange
from hub.people.invitations import Guest
from hub.people.oidc.types import ProviderSettings
from hub.people.roles import Role
from protocol.problems import ErrorAnswer, ProblemCode
from tests.doubles.oidc_provider import CLIENT, KEYS, SECRET, ScriptedProvider, scripted_provider
from tests.integration.hub.rig import PASSWORD, Rig, running, world_at


@dataclass
class Answer:
    """What a browser sees on its way back."""

    status: int
    cookies: dict[str, str]
    problem: ProblemCode | None
    text: str


@dataclass
class Browser:
    """Somebody who logs in by hand."""

    rig: Rig
    provider: ScriptedProvider

    async def start(self) -> tuple[str, dict[str, str]]:
        """The address one is sent to, and the cookie one got."""
        async with self.rig.client.get("/api/auth/oidc/start", allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            cookie = response.cookies["hutch_hub_oidc"]
            assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "600")
            return response.headers["Location"], {"hutch_hub_oidc": cookie.value}

    async def back(self, query: dict[str, str], cookies: dict[str, str]) -> Answer:
        header = "; ".join(f"{name}={value}" for name, value in cookies.items())
        path = "/api/auth/oidc/callback"
        async with self.rig.client.get(path, params=query, headers={"Cookie": header}) as response:
            body = await response.read()
            code = ErrorAnswer.model_validate_json(body).error.code if response.status >= 400 else None
            held = {name: morsel.value for name, morsel in response.cookies.items()}
            return Answer(response.status, held, code, body.decode())

    async def log_in(self) -> Answer:
        """All of it."""
        url, cookies = await self.start()
        state, code = self.provider.authorize(url)
        return await self.back({"state": state, "code": code}, cookies)

    async def name(self, answer: Answer) -> str:
        """Who one is now."""
        headers = {"Cookie": f"hutch_hub={answer.cookies['hutch_hub']}"}
        async with self.rig.client.get("/api/auth/me", headers=headers) as response:
            return str((await response.json())["user"]["name"])


@asynccontextmanager
async def browser_at(url: str, folder: Path, domains: frozenset[str] = frozenset()) -> AsyncIterator[Browser]:
    async with scripted_provider() as provider:
        settings = ProviderSettings(provider.issuer, CLIENT, SECRET, allowed_domains=domains)
        async with world_at(url, folder) as world, running(world, HubSettings(data=folder), settings) as rig:
            await world.set_up()
            yield Browser(rig, provider)


@pytest.fixture
async def browser(sqlite_hub: str, tmp_path: Path) -> AsyncIterator[Browser]:
    async with browser_at(sqlite_hub, tmp_path) as made:
        yield made


async def invite(rig: Rig, name: str = "bob", email: str = "bob@example.org", role: Role = Role.OPERATOR) -> int:
    people = rig.world.people
    ann, _ = await people.logins.log_in("ann", PASSWORD, "192.0.2.1")
    [organisation] = await people.organisations.seen(ann.grants)
    await people.invitations.create(organisation.id, Guest(name, role, email=email), "ann")
    return organisation.id


async def test_somebody_who_was_invited_by_mail_gets_in_and_stays_the_same(browser: Browser) -> None:
    organisation = await invite(browser.rig)
    answer = await browser.log_in()
    assert answer.status == 200
    assert 'content="0;url=/"' in answer.text
    assert answer.cookies["hutch_hub_oidc"] == ""
    assert await browser.name(answer) == "bob"
    people = browser.rig.world.people
    assert [(one.person_name, one.role) for one in await people.organisations.members(organisation)] == [
        ("ann", Role.OWNER),
        ("bob", Role.OPERATOR),
    ]
    assert await people.invitations.open(organisation) == []
    # The same subject with another address is the same person.
    browser.provider.claims = {"email": "robert@example.org"}
    assert await browser.name(await browser.log_in()) == "bob"
    assert len(await people.accounts.page()) == 2


async def test_a_later_invitation_to_the_address_is_taken_at_the_next_login(browser: Browser) -> None:
    organisation = await invite(browser.rig, role=Role.VIEWER)
    await browser.log_in()
    await invite(browser.rig, role=Role.OWNER)
    await browser.log_in()
    members = await browser.rig.world.people.organisations.members(organisation)
    assert [one.role for one in members if one.person_name == "bob"] == [Role.OWNER]


async def test_an_account_with_the_address_is_linked_once(browser: Browser) -> None:
    people = browser.rig.world.people
    await people.accounts.add("bobby", PASSWORD, email="bob@example.org")
    assert await browser.name(await browser.log_in()) == "bobby"
    # Somebody else at the provider who gets that address later is not taken for the same person.
    browser.provider.sub = "subject-2"
    assert (await browser.log_in()).problem is ProblemCode.FORBIDDEN


@pytest.mark.parametrize("claims", [{"email_verified": False}, {"email_verified": None}, {"email": None}])
async def test_an_address_that_is_not_verified_opens_nothing(browser: Browser, claims: dict[str, object]) -> None:
    await invite(browser.rig)
    browser.provider.claims = claims
    assert (await browser.log_in()).problem is ProblemCode.FORBIDDEN
    assert len(await browser.rig.world.people.accounts.page()) == 1


async def test_who_was_not_invited_stays_out(browser: Browser) -> None:
    await invite(browser.rig, email="eve@example.org")
    assert (await browser.log_in()).problem is ProblemCode.FORBIDDEN


async def test_an_allowed_domain_gets_accounts_that_see_nothing(sqlite_hub: str, tmp_path: Path) -> None:
    async with browser_at(sqlite_hub, tmp_path, frozenset({"example.org"})) as browser:
        await browser.rig.world.people.accounts.add("bob", PASSWORD)
        answer = await browser.log_in()
        assert await browser.name(answer) == "bob-2"
        identity = await browser.rig.world.again(answer.cookies["hutch_hub"])
        assert (identity.grants.organisations, identity.grants.administration) == ({}, None)
        browser.provider.sub, browser.provider.claims = "subject-2", {"email": "eve@not-example.org"}
        assert (await browser.log_in()).problem is ProblemCode.FORBIDDEN


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"iss": "https://evil.example"},
        {"aud": "another client"},
        {"aud": [CLIENT, "another client"]},
        {"azp": "another client"},
        {"exp": int(time.time()) - 3600},
        {"exp": None},
        {"iat": int(time.time()) + 3600},
        {"sub": None},
        {"sub": ""},
    ],
    # No time in a name: every process that collects the tests has to find the same ones.
    ids=lambda claims: re.sub(r"\d{10}", "TIME", str(claims)),
)
async def test_a_token_that_is_not_for_this_login_is_refused(browser: Browser, claims: dict[str, object]) -> None:
    await invite(browser.rig)
    browser.provider.claims = claims
    answer = await browser.log_in()
    assert answer.problem is ProblemCode.LOGIN_FAILED
    assert "hutch_hub" not in answer.cookies


@pytest.mark.parametrize("change", ["unknown key", "HS256", "none"])
async def test_a_signature_that_is_not_the_providers_is_refused(browser: Browser, change: str) -> None:
    await invite(browser.rig)
    if change == "unknown key":
        browser.provider.key = KEYS["two"]
    else:
        browser.provider.algorithm = change
        browser.provider.metadata_extra = {"id_token_signing_alg_values_supported": ["HS256", "none", "RS256"]}
    assert (await browser.log_in()).problem is ProblemCode.LOGIN_FAILED


async def test_keys_that_change_are_fetched_anew_and_otherwise_kept(browser: Browser) -> None:
    await invite(browser.rig)
    await browser.log_in()
    await browser.log_in()
    assert browser.provider.fetched == ["/.well-known/openid-configuration", "/keys"]
    browser.provider.key = KEYS["two"]
    browser.provider.published = [KEYS["two"], KEYS["one"]]
    # Whoever sends unknown keys one after the other does not have us ask each time.
    assert (await browser.log_in()).problem is ProblemCode.LOGIN_FAILED
    assert browser.provider.fetched.count("/keys") == 1
    browser.rig.world.clocks.turn(seconds=11)
    assert (await browser.log_in()).status == 200
    assert browser.provider.fetched.count("/keys") == 2


async def test_an_answer_that_was_not_asked_for_is_refused_without_asking_the_provider(browser: Browser) -> None:
    await invite(browser.rig)
    url, cookies = await browser.start()
    state, code = browser.provider.authorize(url)
    _, others = await browser.start()
    before = list(browser.provider.fetched)
    for query, held in (
        ({"state": "x" * 43, "code": code}, cookies),
        ({"state": state, "code": code}, {}),
        ({"state": state, "code": code}, others),
        ({"state": state, "code": code}, {"hutch_hub_oidc": "x"}),
        ({"state": state, "code": code, "iss": "https://evil.example"}, cookies),
        ({"error": "access_denied", "state": state}, cookies),
        ({"code": code}, cookies),
    ):
        assert (await browser.back(query, held)).problem is ProblemCode.LOGIN_FAILED
    assert browser.provider.fetched == before


async def test_a_code_of_another_login_is_refused(browser: Browser) -> None:
    await invite(browser.rig)
    first, cookies = await browser.start()
    state, code = browser.provider.authorize(first)
    second, _ = await browser.start()
    browser.provider.authorize(second)
    assert (await browser.back({"state": state, "code": code}, cookies)).problem is ProblemCode.LOGIN_FAILED


async def test_the_address_may_come_from_userinfo_of_the_same_person(browser: Browser) -> None:
    await invite(browser.rig)
    browser.provider.claims = {"email": None, "email_verified": None}
    browser.provider.userinfo = {"sub": "somebody else", "email": "bob@example.org", "email_verified": True}
    assert (await browser.log_in()).problem is ProblemCode.LOGIN_FAILED
    browser.provider.userinfo["sub"] = browser.provider.sub
    assert await browser.name(await browser.log_in()) == "bob"


async def test_a_provider_that_is_another_or_sends_secrets_in_plain_is_not_used(browser: Browser) -> None:
    browser.provider.named = "https://evil.example"
    async with browser.rig.client.get("/api/auth/oidc/start", allow_redirects=False) as response:
        assert response.status == 503
    browser.provider.named = None
    await invite(browser.rig)
    browser.provider.metadata_extra = {"token_endpoint": "http://192.0.2.1/token"}
    assert (await browser.log_in()).problem is ProblemCode.UNAVAILABLE


async def test_a_provider_that_answers_nonsense_is_told(browser: Browser) -> None:
    browser.provider.metadata_extra = {"issuer": 5}
    async with browser.rig.client.get("/api/auth/oidc/start", allow_redirects=False) as response:
        assert response.status == 503


async def test_somebody_who_logs_in_elsewhere_can_set_a_password(browser: Browser) -> None:
    await invite(browser.rig)
    answer = await browser.log_in()
    people = browser.rig.world.people
    identity = await browser.rig.world.again(answer.cookies["hutch_hub"])
    assert not identity.person.has_password
    await people.logins.change_own_password(identity, "", "another password", "192.0.2.1")
    bob, _ = await people.logins.log_in("bob", "another password", "192.0.2.1")
    assert bob.person.has_password
    await people.accounts.change(bob.person.id, AccountChange(email=""))


async def test_before_the_setup_nobody_gets_in_this_way(sqlite_hub: str, tmp_path: Path) -> None:
    async with scripted_provider() as provider:
        settings = ProviderSettings(provider.issuer, CLIENT, SECRET, allowed_domains=frozenset({"example.org"}))
        async with world_at(sqlite_hub, tmp_path) as world, running(world, HubSettings(data=tmp_path), settings) as rig:
            assert (await Browser(rig, provider).log_in()).problem is ProblemCode.SETUP_NEEDED
            assert await world.people.logins.needs_setup()


async def test_a_hub_without_a_provider_says_so(rig: Rig) -> None:
    async with rig.client.get("/api/auth/oidc/start", allow_redirects=False) as response:
        assert response.status == 404
