from __future__ import annotations

from pathlib import Path

import pytest

from appliance.config import Settings, env_name, load
from foundation.settings import Listen
from protocol.problems import Problem, ProblemCode


def write(folder: Path, text: str) -> Path:
    file = folder / "hutch.toml"
    file.write_text(text)
    return file


def test_the_command_line_wins_over_environment_over_file(tmp_path: Path) -> None:
    file = write(tmp_path, 'listen = "127.0.0.1:1"\nhub = "https://file.example"\nmax_sessions = 7\n')
    environ = {"HUTCH_LISTEN": "127.0.0.1:2", "HUTCH_HUB": "https://env.example"}
    settings = load(file, environ, {"listen": "127.0.0.1:3", "hub": None})
    assert settings.listen == Listen(host="127.0.0.1", port=3)
    assert settings.hub == "https://env.example"
    assert settings.max_sessions == 7


def test_ipv6_addresses_are_written_in_brackets(tmp_path: Path) -> None:
    listen = load(write(tmp_path, 'listen = "[::1]:8080"'), {}).listen
    assert (listen.host, listen.port, listen.authority) == ("::1", 8080, "[::1]:8080")


def test_lists_in_the_environment_are_separated_by_commas(tmp_path: Path) -> None:
    settings = load(write(tmp_path, ""), {"HUTCH_HOSTS": "a.example, b.example", "HUTCH_TRUSTED_PROXIES": "10.0.0.0/8"})
    assert settings.hosts == ("a.example", "b.example")
    assert str(settings.trusted_proxies[0]) == "10.0.0.0/8"


def test_database_url_of_the_environment_counts(tmp_path: Path) -> None:
    url = load(write(tmp_path, ""), {"DATABASE_URL": "postgresql+asyncpg://u:p@h/d"}).database_url
    assert url is not None
    assert url.get_secret_value() == "postgresql+asyncpg://u:p@h/d"
    assert "u:p" not in repr(url)


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ('listen = "8080"', "listen"),
        ('listen = "127.0.0.1:99999"', "listen"),
        ("max_sessions = 0", "max_sessions"),
        ('log_level = "loud"', "log_level"),
        ("unknown = 1", "unknown"),
        ('trusted_proxies = ["everybody"]', "trusted_proxies"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, setting: str) -> None:
    with pytest.raises(Problem) as caught:
        load(write(tmp_path, text), {})
    assert caught.value.code is ProblemCode.INVALID_REQUEST
    assert setting in caught.value.message


def test_a_broken_or_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="cannot be read"):
        load(write(tmp_path, "listen = "), {})
    with pytest.raises(Problem, match="There is no settings file"):
        load(tmp_path / "other.toml", {})


def test_a_wrong_secret_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        load(write(tmp_path, "hub_token = 12345678"), {})
    assert "12345678" not in str(caught.value)


def test_every_setting_is_documented() -> None:
    text = Path("docs/settings.md").read_text()
    missing = [name for name in Settings.model_fields if f"`{name}`" not in text or env_name(name) not in text]
    assert not missing
