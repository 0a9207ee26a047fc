"""The support bundle: what helps is in it, and no secret is."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import SecretStr

from appliance.care.redact import REMOVED, Redactor
from appliance.care.support import write_support
from appliance.config import Settings
from appliance.layout import Layout
from provisioning.hub_credentials import HubCredentials
from tests.device_process import DeviceProcess
from tests.integration.care.test_backup import hutch

HUB_TOKEN = "hub-token-5f2c8f6e11"
BATCH = "hutch_batch_9a8b7c6d5e4f"
DATABASE_PASSWORD = "database-password-31"


def strings_of_the_store(path: Path) -> set[str]:
    """Everything in the store that nobody else may know: hashes of passwords and tokens, and sealed texts."""
    found = set()
    with closing(sqlite3.connect(path)) as store:
        tables = [row[0] for row in store.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            columns = [row[1] for row in store.execute(f"PRAGMA table_info({table})")]
            for column in columns:
                if any(word in column for word in ("password", "hash", "secret", "sealed", "token")):
                    found |= {row[0] for row in store.execute(f"SELECT {column} FROM {table}") if row[0]}  # noqa: S608
    return {one.hex() if isinstance(one, bytes) else str(one) for one in found}


def test_a_bundle_holds_what_helps_and_no_secret(tmp_path: Path) -> None:
    data, releases = tmp_path / "device", tmp_path / "releases"
    device = DeviceProcess(data, {"HUTCH_RELEASES": str(releases)})
    device.start()
    try:
        hutch(data, "user", "add", "ada", "--role", "admin", "--password-stdin", given="ada's long password\n")
        # Used up by now, and still in the history: it opens nothing any more.
        (data / "setup-code").write_text("ABCD-2345")
        code = "ABCD-2345"
        credentials = HubCredentials(url="https://hub.example", token=SecretStr(HUB_TOKEN))
        shown = {**credentials.model_dump(mode="json"), "token": HUB_TOKEN, "enrolment_token": BATCH}
        (data / "hub.json").write_text(json.dumps(shown))
        (data / "secrets.key").write_bytes(bytes(range(100, 132)))
        state = releases / "state"
        state.mkdir(parents=True)
        (state / "taken-back").write_text(f"1.2.0\nIt asked with token={HUB_TOKEN} and the code {code}.\n")
        settings = Settings(
            data=data,
            database_url=SecretStr(f"postgresql://hutch:{DATABASE_PASSWORD}@db/hutch"),
            hub_token=SecretStr(BATCH),
            releases=releases,
            boot_folder=tmp_path / "none",
        )
        out = io.BytesIO()
        write_support(out, settings, Layout.of(settings))
        hashes = strings_of_the_store(data / "hutch.db")
        key = (data / "device-key").read_bytes() if (data / "device-key").exists() else b""
    finally:
        device.close()
    out.seek(0)
    with tarfile.open(fileobj=out) as archive:
        texts = {
            member.name.partition("/")[2]: archive.extractfile(member).read().decode()  # type: ignore[union-attr]
            for member in archive
        }
    everything = "\n".join(texts.values())
    secrets = [HUB_TOKEN, BATCH, DATABASE_PASSWORD, bytes(range(100, 132)).hex(), "ada's long password", *hashes]
    secrets.append(code)
    secrets += [key.decode(errors="replace")] if key else []
    assert hashes
    assert [one for one in secrets if one in everything] == []
    assert json.loads(texts["about.json"])["hutch"]
    assert json.loads(texts["settings.json"])["database_url"] == REMOVED
    assert "tmux" in texts["doctor.txt"]
    assert "1.2.0" in texts["updates/taken-back"]
    assert "pydantic" in texts["packages.txt"]


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer SECRETVALUE",
        'password = "SECRETVALUE"',
        '{"api_key": "SECRETVALUE"}',
        "ANTHROPIC_API_KEY=SECRETVALUE",
        "https://ada:SECRETVALUE@host/path",
        "GET /x?token=SECRETVALUE&y=1",
        "GET /x?code=SECRETVALUE",
        "sk-ant-SECRETVALUE123456",
        "the setup code SECRETVALUE",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRETVALUE\n-----END OPENSSH PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nSECRETVALUE",
    ],
)
def test_what_looks_like_a_secret_is_removed(text: str) -> None:
    cleaned = Redactor([]).clean(f"before\n{text}")
    assert "SECRETVALUE" not in cleaned
    assert REMOVED in cleaned
    assert cleaned.startswith("before\n")


def test_what_helps_stays() -> None:
    text = "hub https://hub.example/path?q=1 answered 503 at 12:30:04; slot A, keyboard ok, 3 tokens"
    assert Redactor(["another secret"]).clean(text) == text
