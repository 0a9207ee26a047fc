from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from appliance.claiming import claim_lines
from appliance.config import Settings
from appliance.hub import hub_credentials, make_device_key
from gateway.hub_link.status import Claim
from protocol.problems import Problem, ProblemCode
from provisioning.device_key import DeviceKeyFile
from provisioning.hub_credentials import HubCredentials

CLAIM = Claim("7KQ2-9XWM-T", "https://hub.example/claim", datetime(2026, 11, 21, tzinfo=UTC))


def credentials(url: str) -> HubCredentials:
    return HubCredentials(url=url, token=SecretStr("secret-token"))


def test_the_file_holds_what_the_page_writes(tmp_path: Path) -> None:
    hub_credentials(Settings(), tmp_path / "hub.json").write(credentials("https://page.example"))
    found = hub_credentials(Settings(), tmp_path / "hub.json").read()
    assert found is not None
    assert found.url == "https://page.example"


def test_the_settings_win_and_cannot_be_changed_from_the_page(tmp_path: Path) -> None:
    settings = Settings(hub="https://settings.example", hub_token=SecretStr("secret-token"))
    store = hub_credentials(settings, tmp_path / "hub.json")
    found = store.read()
    assert found is not None
    assert found.url == "https://settings.example"
    for change in (store.remove, lambda: store.write(credentials("https://other.example"))):
        with pytest.raises(Problem) as caught:
            change()
        assert caught.value.code is ProblemCode.CONFLICT


def test_a_hub_alone_is_shown_the_key_and_a_token_for_many_is_told_from_one_for_this_device(tmp_path: Path) -> None:
    alone = hub_credentials(Settings(hub="wss://hub.example"), tmp_path / "hub.json").read()
    assert alone == HubCredentials(url="wss://hub.example")
    many = Settings(hub="wss://hub.example", hub_token=SecretStr("hutch_batch_x"))
    assert hub_credentials(many, tmp_path / "hub.json").read() == HubCredentials(
        url="wss://hub.example", enrolment_token=SecretStr("hutch_batch_x")
    )


def test_settings_that_are_no_hub_are_refused_without_showing_the_token(tmp_path: Path) -> None:
    for hub, token in (("hub.example", "secret"), ("wss://hub.example", "sec ret")):
        with pytest.raises(Problem, match="cannot be used") as caught:
            hub_credentials(Settings(hub=hub, hub_token=SecretStr(token)), tmp_path / "hub.json")
        assert token not in caught.value.message
        assert caught.value.__cause__ is None


async def test_the_key_is_made_once_and_a_place_without_room_for_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "device-key.json"
    await make_device_key(path)
    made = await asyncio.to_thread(DeviceKeyFile(path).read)
    assert made is not None
    await make_device_key(path)
    assert await asyncio.to_thread(DeviceKeyFile(path).read) == made
    with pytest.raises(Problem, match="cannot be made"):
        await make_device_key(path / "below")


def test_a_claim_is_printed_with_its_code_and_on_a_terminal_with_a_picture() -> None:
    plain = claim_lines(CLAIM, picture=False)
    assert plain == ["  Claim this device: open https://hub.example/claim and enter the code 7KQ2-9XWM-T"]
    drawn = claim_lines(CLAIM, picture=True)
    assert drawn[0] == plain[0]
    assert len(drawn) > 12
    assert max(map(len, drawn[1:])) < 80
