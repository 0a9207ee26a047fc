"""Login at a real OpenID provider."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import ClientSession, DummyCookieJar

from hub.config import HubSettings
from hub.people.oidc.types import ProviderSettings
from tests.integration.hub.people.test_oidc import invite
from tests.integration.hub.rig import running, world_at
from tests.oidc_mock import provider_mock

__all__ = ["provider_mock"]


async def test_a_real_provider_lets_somebody_in(provider_mock: str, sqlite_hub: str, tmp_path: Path) -> None:
    settings = ProviderSettings(provider_mock, "hutch-hub", "a secret")
    async with (
        world_at(sqlite_hub, tmp_path) as world,
        running(world, HubSettings(data=tmp_path), settings) as rig,
        ClientSession(cookie_jar=DummyCookieJar()) as person,
    ):
        await world.set_up()
        await invite(rig)
        claims = {"email": "bob@example.org", "email_verified": True}
        async with person.put(f"{provider_mock}/users/bob", json=claims) as response:
            assert response.status == 204
        async with rig.client.get("/api/auth/oidc/start", allow_redirects=False) as response:
            url, cookie = response.headers["Location"], response.cookies["hutch_hub_oidc"].value
        async with person.post(url, data={"sub": "bob"}, allow_redirects=False) as response:
            assert response.status == 302, await response.text()
            back = urlsplit(response.headers["Location"])
        assert back.path == "/api/auth/oidc/callback"
        headers = {"Cookie": f"hutch_hub_oidc={cookie}"}
        async with rig.client.get(f"{back.path}?{back.query}", headers=headers) as response:
            assert response.status == 200, await response.text()
            secret = response.cookies["hutch_hub"].value
        assert (await world.again(secret)).person.email == "bob@example.org"
