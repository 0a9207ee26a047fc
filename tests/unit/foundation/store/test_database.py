from __future__ import annotations

import asyncio
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from foundation.store.database import Store
from gateway.store.schema import DEVICE_SCHEMA
from gateway.store.tables import people, settings, tokens
from protocol.problems import Problem, ProblemCode


def execute(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_makes_a_private_file_in_a_private_folder(tmp_path: Path) -> None:
    path = tmp_path / "data" / "hutch.db"
    store = await Store.open(f"sqlite:///{path}", DEVICE_SCHEMA)
    try:
        async with store.begin() as connection:
            await connection.execute(sa.insert(settings).values(name="x", value=1))
        assert mode(path.parent) == 0o700
        assert {file.name: mode(file) for file in path.parent.iterdir()} == {
            "hutch.db": 0o600,
            "hutch.db-wal": 0o600,
            "hutch.db-shm": 0o600,
        }
    finally:
        await store.close()


async def test_an_open_file_is_made_private(store_file: Path) -> None:
    await asyncio.to_thread(store_file.chmod, 0o644)
    store = await Store.open(f"sqlite:///{store_file}", DEVICE_SCHEMA)
    await store.close()
    assert mode(store_file) == 0o600


async def test_sets_sqlite_up(store: Store) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 1, "foreign_keys": 1, "busy_timeout": 10_000}
    async with store.read() as connection:
        found = {name: await connection.scalar(sa.text(f"PRAGMA {name}")) for name in wanted}
    assert found == wanted


async def test_an_error_rolls_back(store: Store) -> None:
    async def fail() -> None:
        async with store.begin() as connection:
            await connection.execute(sa.insert(settings).values(name="x", value=1))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with store.read() as connection:
        assert await connection.scalar(sa.select(settings.c.name).where(settings.c.name == "x")) is None


async def test_references_hold(store: Store) -> None:
    with pytest.raises(IntegrityError):
        async with store.begin() as connection:
            await connection.execute(
                sa.text(
                    "INSERT INTO tokens (person_id, kind, label, secret_sha256, created_at)"
                    " VALUES (99, 'api', '', 'x', '2026-01-01')"
                )
            )


async def test_counting_up_from_many_tasks_loses_nothing(store: Store) -> None:
    async with store.begin() as connection:
        await connection.execute(sa.insert(settings).values(name="n", value=0))

    async def count_up() -> None:
        async with store.begin() as connection:
            value = await connection.scalar(sa.select(settings.c.value).where(settings.c.name == "n"))
            assert isinstance(value, int)
            await connection.execute(sa.update(settings).where(settings.c.name == "n").values(value=value + 1))

    await asyncio.gather(*[count_up() for _ in range(20)])
    async with store.read() as connection:
        assert await connection.scalar(sa.select(settings.c.value).where(settings.c.name == "n")) == 20


async def test_a_reader_does_not_wait_for_a_writer(store: Store) -> None:
    async with store.begin() as writing:
        await writing.execute(sa.insert(settings).values(name="x", value=1))
        async with store.read() as reading:
            assert await reading.scalar(sa.select(settings.c.value).where(settings.c.name == "x")) is None


async def test_a_glance_neither_waits_for_a_writer_nor_keeps_one_waiting(store: Store) -> None:
    async with store.begin() as writing:
        await writing.execute(sa.insert(settings).values(name="x", value=1))
        async with store.glance() as glancing:
            assert await glancing.scalar(sa.select(settings.c.value).where(settings.c.name == "x")) is None
    async with store.glance() as glancing:
        assert await glancing.scalar(sa.select(settings.c.value).where(settings.c.name == "x")) == 1
        async with store.begin() as writing:
            await writing.execute(sa.update(settings).values(value=2))


async def test_a_transaction_that_a_glance_left_open_is_rolled_back(store: Store) -> None:
    count = sa.select(sa.func.count()).where(settings.c.name == "left")
    async with store.glance() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver is not None
        await driver.execute("BEGIN IMMEDIATE")
        await driver.execute("INSERT INTO settings (name, value) VALUES ('left', '1')")
    async with asyncio.timeout(5), store.begin() as connection:
        assert await connection.scalar(count) == 0


async def test_ids_are_never_given_twice(store: Store) -> None:
    values = {"name": "a", "role": "admin", "password_hash": "x", "created_at": sa.func.now()}
    async with store.begin() as connection:
        first = (await connection.execute(sa.insert(people).values(values))).inserted_primary_key
        await connection.execute(sa.delete(people))
        second = (await connection.execute(sa.insert(people).values(values))).inserted_primary_key
    assert first is not None
    assert second is not None
    assert second[0] > first[0]
    assert tokens.dialect_options["sqlite"]["autoincrement"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hutch.db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?mode=memory",
        "mysql://root:pw@host/x",
        "://",
    ],
)
async def test_refuses_an_address_it_cannot_use(url: str) -> None:
    with pytest.raises(Problem) as caught:
        await Store.open(url, DEVICE_SCHEMA)
    assert caught.value.code is ProblemCode.INVALID_REQUEST
    assert "pw" not in caught.value.message


async def test_its_address_shows_no_password(store: Store) -> None:
    assert store.url.startswith("sqlite+aiosqlite:////")


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\x00" + b"\xff" * 5000])
async def test_a_file_that_is_no_database_is_a_problem_and_stays(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hutch.db"
    await asyncio.to_thread(path.write_bytes, content)
    with pytest.raises(Problem, match="damaged") as caught:
        await Store.open(f"sqlite:///{path}", DEVICE_SCHEMA)
    assert caught.value.code is ProblemCode.UNAVAILABLE
    assert await asyncio.to_thread(path.read_bytes) == content


async def test_damage_inside_is_a_problem(store_file: Path) -> None:
    content = bytearray(await asyncio.to_thread(store_file.read_bytes))
    content[4096:] = b"\xa5" * (len(content) - 4096)
    await asyncio.to_thread(store_file.write_bytes, content)
    with pytest.raises(Problem, match="damaged"):
        await Store.open(f"sqlite:///{store_file}", DEVICE_SCHEMA)


async def test_a_folder_in_the_way_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(Problem, match=str(tmp_path)):
        await Store.open(f"sqlite:///{tmp_path}", DEVICE_SCHEMA)


async def test_a_full_database_is_a_problem_and_reading_goes_on(store: Store) -> None:
    async with store.begin() as connection:
        pages = await connection.scalar(sa.text("PRAGMA page_count"))
        await connection.execute(sa.text(f"PRAGMA max_page_count={pages}"))
        with pytest.raises(sa.exc.OperationalError) as error:
            await connection.execute(sa.insert(settings).values(name="x", value="x" * 100_000))
    from foundation.store.failures import problem_of

    assert problem_of(error.value).code is ProblemCode.DISK_FULL
    async with store.read() as connection:
        assert await connection.scalar(sa.select(sa.func.count()).select_from(settings)) == 2


async def test_a_closed_door_to_a_writer_is_a_problem(store_file: Path, store: Store) -> None:
    async def write() -> None:
        async with store.read() as connection:
            await connection.execute(sa.text("PRAGMA busy_timeout=1"))
            await connection.execute(sa.insert(settings).values(name="x", value=1))

    other = await asyncio.to_thread(sqlite3.connect, store_file, isolation_level=None, check_same_thread=False)
    try:
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        with pytest.raises(Problem) as caught:
            await write()
        assert caught.value.code is ProblemCode.UNAVAILABLE
        assert "Try again" in caught.value.message
    finally:
        await asyncio.to_thread(other.close)


async def test_a_newer_schema_that_lets_us_in_is_opened_and_left_alone(store_file: Path) -> None:
    await asyncio.to_thread(execute, store_file, "UPDATE alembic_version SET version_num = '9999'")
    store = await Store.open(f"sqlite:///{store_file}", DEVICE_SCHEMA)
    async with store.read() as connection:
        assert await connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == "9999"
    await store.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settings SET value = '\"9998\"' WHERE name = 'schema.needs'",
        "DELETE FROM settings WHERE name = 'schema.needs'",
    ],
)
async def test_a_newer_schema_that_does_not_is_refused(store_file: Path, statement: str) -> None:
    await asyncio.to_thread(execute, store_file, "UPDATE alembic_version SET version_num = '9999'", statement)
    with pytest.raises(Problem, match="newer version") as caught:
        await Store.open(f"sqlite:///{store_file}", DEVICE_SCHEMA)
    assert caught.value.details["found"] == "9999"


def test_the_daemon_loads_neither_alembic_nor_the_object_mapper_nor_argon2() -> None:
    heavy = {"alembic", "sqlalchemy.orm", "argon2", "mako"}
    program = (
        "import sys, gateway.accounts.accounts, gateway.store.health, foundation.store.audit, gateway.store.sessions\n"
        "import sqlalchemy.dialects.sqlite.aiosqlite\n"
        f"print(*({heavy!r} & set(sys.modules)))\n"
        "from sqlalchemy.ext.asyncio import AsyncSession, AsyncConnection\n"
        "assert AsyncConnection is foundation.store.database.AsyncConnection\n"
    )
    root = Path(__file__).parents[4]
    answer = subprocess.run([sys.executable, "-c", program], cwd=root, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []


async def test_a_transaction_that_is_cancelled_anywhere_lets_go_of_the_store(store: Store) -> None:
    async def write(number: int) -> None:
        async with store.begin() as connection:
            await connection.execute(sa.insert(settings).values(name=f"cancelled-{number}", value=1))
            await connection.execute(sa.select(settings))

    for number in range(300):
        task = asyncio.create_task(write(number))
        for _ in range(number % 30):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        async with asyncio.timeout(5), store.begin() as connection:
            await connection.execute(sa.select(settings).limit(1))


async def test_a_closed_store_has_no_thread_left(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    store = await Store.open(f"sqlite:///{tmp_path}/a.db", DEVICE_SCHEMA)
    count = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n"

    async def long() -> None:
        async with store.begin() as connection:
            began.set()
            await connection.execute(sa.text(count))

    began = asyncio.Event()
    task = asyncio.create_task(long())
    await began.wait()
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await store.close()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not [name for name in left if "connection_worker" in name]
