"""A backup of the hub, brought back: SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import io
import os
import tarfile
from pathlib import Path

import pytest

from foundation.setup_code import SetupCode
from foundation.store.database import Store
from hub.backup import read_backup, write_backup
from hub.config import HubSettings
from hub.console import NewPerson, add
from hub.people.service import People
from hub.store.schema import HUB_SCHEMA
from protocol.problems import Problem, ProblemCode
from tests.integration.hub.rig import PASSWORD
from tests.postgres import Postgres, programs

KEY = b"the hub's key"


async def names(settings: HubSettings) -> list[str]:
    store = await Store.open(settings.store_url, HUB_SCHEMA)
    try:
        found = await People.of(store, SetupCode(settings.setup_code_path)).accounts.page()
        return [person.name for person in found]
    finally:
        await store.close()


def settings_at(folder: Path, url: str | None = None) -> HubSettings:
    return HubSettings.model_validate({"data": folder, "database_url": url})


async def refused(code: ProblemCode, settings: HubSettings, file: Path, *, replace: bool = False) -> str:
    with pytest.raises(Problem) as caught:
        await asyncio.to_thread(read_backup, settings, file, replace=replace)
    assert caught.value.code is code
    return caught.value.message


async def test_a_backup_is_taken_while_the_hub_runs_and_brought_back(tmp_path: Path) -> None:
    old, new, file = settings_at(tmp_path / "old"), settings_at(tmp_path / "new"), tmp_path / "backup.tar"
    await add(old, NewPerson("ann", PASSWORD, administrator=True, organisation="Work"))
    await asyncio.to_thread(old.key_path.write_bytes, KEY)
    store = await Store.open(old.store_url, HUB_SCHEMA)
    await asyncio.to_thread(write_backup, old, file, "0.0.1")
    await store.close()
    assert await asyncio.to_thread(lambda: file.stat().st_mode & 0o777) == 0o600
    await add(old, NewPerson("bob", PASSWORD))
    await asyncio.to_thread(read_backup, new, file)
    assert await names(new) == ["ann"]
    assert await asyncio.to_thread(new.key_path.read_bytes) == KEY
    assert await asyncio.to_thread(lambda: Path(new.data / "hub.db").stat().st_mode & 0o777) == 0o600
    # What is there is not lost by accident, and nothing of the newer one's log is played into the older file.
    assert "--replace" in await refused(ProblemCode.CONFLICT, old, file)
    assert await names(old) == ["ann", "bob"]
    await asyncio.to_thread(read_backup, old, file, replace=True)
    assert await names(old) == ["ann"]
    with pytest.raises(Problem, match="exists already"):
        await asyncio.to_thread(write_backup, old, file, "0.0.1")
    left = await asyncio.to_thread(lambda: sorted(path.name for path in tmp_path.iterdir()))
    assert left == ["backup.tar", "new", "old"]


def tar_of(file: Path, members: dict[str, bytes], link: str | None = None) -> Path:
    with tarfile.open(file, "w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            if name == link:
                info.type, info.linkname, info.size = tarfile.SYMTYPE, "/etc/passwd", 0
            tar.addfile(info, io.BytesIO(content))
    return file


MANIFEST = b'{"form": 1, "version": "1", "backend": "sqlite"}'


@pytest.mark.parametrize(
    ("members", "link"),
    [
        ({}, None),
        ({"hutch-hub.json": b"{}"}, None),
        ({"hutch-hub.json": MANIFEST}, None),
        ({"hutch-hub.json": MANIFEST, "hub.db": b"no database"}, None),
        ({"hutch-hub.json": MANIFEST, "hub.db": b""}, "hub.db"),
        ({"hutch-hub.json": MANIFEST, "../hub.db": b"", "/hub.db": b""}, None),
        ({"hutch-hub.json": b'{"form": 2, "version": "9", "backend": "sqlite"}', "hub.db": b""}, None),
        ({"hutch-hub.json": b'{"form": 1, "version": "1", "backend": "postgresql"}', "hub.dump": b""}, None),
    ],
)
async def test_a_file_that_is_no_backup_changes_nothing(
    tmp_path: Path, members: dict[str, bytes], link: str | None
) -> None:
    settings = settings_at(tmp_path / "data")
    file = await asyncio.to_thread(tar_of, tmp_path / "file.tar", members, link)
    await refused(ProblemCode.INVALID_REQUEST, settings, file, replace=True)
    assert await asyncio.to_thread(lambda: list(settings.data.iterdir())) == []


async def test_a_file_that_is_no_tar_at_all_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "file.tar"
    await asyncio.to_thread(file.write_bytes, os.urandom(5000))
    await refused(ProblemCode.INVALID_REQUEST, settings_at(tmp_path / "data"), file)


async def test_a_backup_of_postgresql(tmp_path: Path, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{await asyncio.to_thread(programs)}:{os.environ['PATH']}")
    one, two = [await asyncio.to_thread(postgres.make_database, f"backup_{name}") for name in ("one", "two")]
    old, new, file = settings_at(tmp_path / "old", one), settings_at(tmp_path / "new", two), tmp_path / "backup.tar"
    await add(old, NewPerson("ann", PASSWORD))
    await asyncio.to_thread(write_backup, old, file, "0.0.1")
    await asyncio.to_thread(read_backup, new, file)
    assert await names(new) == ["ann"]
    await add(new, NewPerson("bob", PASSWORD))
    await refused(ProblemCode.UNAVAILABLE, new, file)
    assert await names(new) == ["ann", "bob"]
    await asyncio.to_thread(read_backup, new, file, replace=True)
    assert await names(new) == ["ann"]
    await refused(ProblemCode.INVALID_REQUEST, settings_at(tmp_path / "third"), file)


async def test_without_pg_dump_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = settings_at(tmp_path, "postgresql://u:pw@127.0.0.1:1/x")
    with pytest.raises(Problem, match="postgresql-client") as caught:
        await asyncio.to_thread(write_backup, settings, tmp_path / "backup.tar", "0.0.1")
    assert "pw" not in caught.value.message
