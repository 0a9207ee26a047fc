from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from protocol.problems import Problem
from provisioning.hub_credentials import MAX_TOKEN, HubCredentials, HubCredentialsFile

TOKEN = "s3cret-t0ken"


def test_keeps_and_forgets(tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    file = HubCredentialsFile(path)
    assert file.read() is None
    credentials = HubCredentials(url="wss://hub.example/ws/gateway", token=SecretStr(TOKEN))
    file.write(credentials)
    assert file.read() == credentials
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    file.remove()
    file.remove()
    assert file.read() is None


def test_a_hub_without_a_token_is_shown_the_key(tmp_path: Path) -> None:
    file = HubCredentialsFile(tmp_path / "hub.json")
    bare = HubCredentials.of("wss://hub.example")
    assert bare.has_key
    file.write(bare)
    assert file.read() == bare
    batch = HubCredentials.of("wss://hub.example", SecretStr("hutch_batch_abc"))
    assert batch.has_key
    assert batch.enrolment_token == SecretStr("hutch_batch_abc")
    file.write(batch)
    assert file.read() == batch
    assert not HubCredentials.of("wss://hub.example", SecretStr(TOKEN)).has_key


def test_never_shows_its_token() -> None:
    credentials = HubCredentials(url="wss://hub.example/", token=SecretStr(TOKEN))
    assert TOKEN not in f"{credentials} {credentials!r} {credentials.model_dump_json()}"


@pytest.mark.parametrize("url", ["ws://127.0.0.1:9000/x", "https://hub.example", "http://[::1]:8080/link"])
def test_takes_the_address_of_a_hub(url: str) -> None:
    assert HubCredentials(url=url, token=SecretStr(TOKEN)).url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hub.example",
        "ftp://hub.example",
        "wss://",
        "wss://user:pw@hub.example",
        "wss://a b",
        "wss://hub\n",
        "wss://ü",
    ],
)
def test_refuses_an_address_that_is_none(url: str) -> None:
    with pytest.raises(ValidationError):
        HubCredentials(url=url, token=SecretStr(TOKEN))


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Evil: 1", "ü", "x" * (MAX_TOKEN + 1)])
def test_refuses_a_token_that_fits_no_header(token: str) -> None:
    with pytest.raises(ValidationError) as caught:
        HubCredentials(url="wss://hub.example", token=SecretStr(token))
    assert not token or token not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"garbage " + TOKEN.encode(), json.dumps({"url": 1}).encode()])
def test_a_file_that_is_not_ours_is_a_problem_without_its_content(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hub.json"
    path.write_bytes(content)
    with pytest.raises(Problem, match=r"hub\.json") as caught:
        HubCredentialsFile(path).read()
    assert TOKEN not in caught.value.message
    assert caught.value.__cause__ is None
