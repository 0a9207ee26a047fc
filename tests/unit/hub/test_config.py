"""The hub's settings, and that each of them and every command is described."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from appliance.cli.hub import COMMANDS, build_parser
from hub.config import HubSettings, env_name, load
from hub.people.oidc.settings import provider_settings
from protocol.problems import Problem, ProblemCode

DOCUMENT = Path("docs/hub-settings.md").read_text()


def write(folder: Path, text: str) -> Path:
    file = folder / "hub.toml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("setting", sorted(HubSettings.model_fields))
def test_every_setting_is_described(setting: str) -> None:
    assert f"| `{setting}` | `{env_name(setting)}` |" in DOCUMENT


def test_no_setting_is_described_that_is_not_there() -> None:
    described = re.findall(r"^\| `(\w+)` \| `HUTCH_HUB_", DOCUMENT, re.MULTILINE)
    assert sorted(described) == sorted(HubSettings.model_fields)


def test_every_command_is_described_with_its_arguments() -> None:
    lines = re.findall(r"^\| `hutch hub ?([^`]*)` \|", DOCUMENT, re.MULTILINE)
    described = {re.split(r" (?=[A-Z\[])", line)[0]: line for line in lines}
    assert sorted(described) == sorted(" ".join(command.words) for command in COMMANDS)
    for command in COMMANDS:
        names = [flag if flag.startswith("-") else flag.upper() for one in command.arguments for flag in one.names]
        assert [name for name in names if name not in described[" ".join(command.words)]] == []


def test_the_command_line_wins_over_environment_over_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'listen = "127.0.0.1:1"\npublic_url = ["https://file.example"]\naudit_days = 7\n')
    environ = {"HUTCH_HUB_LISTEN": "127.0.0.1:2", "HUTCH_HUB_PUBLIC_URL": "https://A.example, http://b.example:8080"}
    settings = load(file, environ, {"listen": "[::1]:3"})
    assert (settings.listen.authority, settings.audit_days) == ("[::1]:3", 7)
    assert settings.public_url == ("https://a.example", "http://b.example:8080")
    assert settings.public_hosts == {"a.example", "b.example"}
    assert not settings.cookies_are_secure


def test_cookies_are_for_https_where_every_address_is() -> None:
    assert HubSettings.model_validate({"public_url": "https://a.example"}).cookies_are_secure
    assert not HubSettings().cookies_are_secure
    assert not HubSettings.model_validate(
        {"public_url": "https://a.example", "secure_cookies": False}
    ).cookies_are_secure


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ('listen = "8080"', "listen"),
        ('public_url = ["hub.example"]', "public_url"),
        ('public_url = ["https://hub.example/path"]', "public_url"),
        ('oidc_issuer = "http://accounts.example"', "oidc_issuer"),
        ('oidc_issuer = "https://accounts.example"', "oidc_client_id"),
        ('node = "a b"', "node"),
        ("unknown = 1", "unknown"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, setting: str) -> None:
    with pytest.raises(Problem) as caught:
        load(write(tmp_path, text), {})
    assert caught.value.code is ProblemCode.INVALID_REQUEST
    assert setting in caught.value.message


def test_secrets_are_not_shown() -> None:
    settings = load(None, {"HUTCH_HUB_NATS_URL": "nats://u:pw1@h", "DATABASE_URL": "postgresql://u:pw2@h/d"})
    assert settings.store_url == "postgresql://u:pw2@h/d"
    assert "pw1" not in repr(settings)
    assert "pw2" not in repr(settings)


def test_the_providers_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s3cret\n")
    values = {"oidc_issuer": "https://accounts.example", "oidc_client_id": "hub"}
    found = provider_settings(HubSettings.model_validate({**values, "oidc_client_secret_file": tmp_path / "secret"}))
    assert found is not None
    assert found.client_secret == "s3cret"
    assert "s3cret" not in repr(found)
    with pytest.raises(Problem, match="does not hold"):
        provider_settings(HubSettings.model_validate({**values, "oidc_client_secret_file": tmp_path / "missing"}))
    assert provider_settings(HubSettings()) is None


def test_settings_may_stand_before_or_after_the_command() -> None:
    parser = build_parser()
    for line in (["--data", "/x", "user", "add", "ann"], ["user", "add", "ann", "--data", "/x"]):
        assert parser.parse_args(line).data == "/x"
    assert parser.parse_args([]).command.words == ()
