from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from appliance.config import Settings
from appliance.hub import hub_credentials
from protocol.problems import Problem, ProblemCode
from provisioning.hub_credentials import HubCredentials


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


def test_a_hub_without_a_token_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no token"):
        hub_credentials(Settings(hub="https://settings.example"), tmp_path / "hub.json")
