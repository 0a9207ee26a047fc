"""Settings on the first partition: taken over once, refused with a reason, and never left there in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.image.programs import load

first_boot = load("first-boot")
GOOD = "#cloud-config\nhostname: box\nusers:\n- name: alex\n  passwd: $6$secret\n"
WIFI = "network:\n  version: 2\n  wifis:\n    wlan0:\n      access-points:\n        home: {password: secret}\n"


@pytest.fixture
def places(tmp_path: Path) -> object:
    for name in ("fat", "cloud/seed"):
        (tmp_path / name).mkdir(parents=True)
    return first_boot.Places(
        fat=tmp_path / "fat",
        seed=tmp_path / "cloud/seed/nocloud",
        report=tmp_path / "report.json",
        hostname=tmp_path / "hostname",
        hosts=tmp_path / "hosts",
        serial=tmp_path / "serial",
        cloud=tmp_path / "cloud",
        mark=tmp_path / "applied",
        disabled=tmp_path / "disabled",
    )


def put(places: object, **files: str) -> None:
    for name, text in files.items():
        (places.fat / name.replace("_", "-")).write_text(text)  # type: ignore[attr-defined]


def take(places: object) -> str | None:
    settings = first_boot.read_settings(places.fat)  # type: ignore[attr-defined]
    problem = first_boot.take_over(places, "hutch-1234", settings)
    assert problem is None or isinstance(problem, str)
    return problem


def test_settings_are_kept_and_scrubbed(places: object, tmp_path: Path) -> None:
    put(places, user_data=GOOD, network_config=WIFI)
    assert take(places) is None
    seed = tmp_path / "cloud/seed/nocloud"
    assert (seed / "user-data").read_text() == GOOD
    assert (seed / "network-config").read_text() == WIFI
    meta = first_boot.yaml.safe_load((seed / "meta-data").read_text())
    assert meta["local-hostname"] == "hutch-1234"
    assert meta["instance-id"].startswith("hutch-")
    for name in ("user-data", "network-config"):
        assert "secret" not in (tmp_path / "fat" / name).read_text()


def test_a_refusal_is_forgotten_with_its_file(places: object, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    report.write_text('{"problem": "user-data is no text.", "files": ["user-data"]}')
    first_boot.forget_refusal(places)
    assert not report.exists()
    report.write_text('{"problem": null, "files": ["user-data"]}')
    first_boot.forget_refusal(places)
    assert report.exists()


def test_what_was_taken_over_is_not_taken_again(places: object, tmp_path: Path) -> None:
    put(places, user_data=GOOD)
    take(places)
    assert first_boot.read_settings(tmp_path / "fat") == {}
    put(places, user_data=GOOD.replace("box", "other"))
    assert list(first_boot.read_settings(tmp_path / "fat")) == ["user-data"]


def test_the_same_settings_are_the_same_instance(places: object, tmp_path: Path) -> None:
    names = []
    for text in (GOOD, GOOD, GOOD + "timezone: UTC\n"):
        put(places, user_data=text)
        take(places)
        names.append(first_boot.yaml.safe_load((tmp_path / "cloud/seed/nocloud/meta-data").read_text())["instance-id"])
    assert names[0] == names[1] != names[2]


def test_imager_names_the_instance(places: object, tmp_path: Path) -> None:
    put(places, user_data=GOOD)
    (tmp_path / "fat/cmdline.txt").write_text("console=tty1 ds=nocloud;i=rpi-imager-1763 quiet\n")
    take(places)
    assert (
        first_boot.yaml.safe_load((tmp_path / "cloud/seed/nocloud/meta-data").read_text())["instance-id"]
        == "rpi-imager-1763"
    )


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"\xff\xfe\x00garbage", "not a text", id="binary"),
        pytest.param(b"#!/bin/sh\nreboot\n", "does not begin", id="script"),
        pytest.param(b"#cloud-config\nusers: [", "not valid YAML", id="cut off"),
        pytest.param(b"#cloud-config\n- a\n- b\n", "names and values", id="list"),
        pytest.param(b"#cloud-config\n" + b"a" * 300_000, "larger than", id="large"),
        pytest.param(b"#cloud-config\nx: " + b"[" * 50_000, "nested", id="deep"),
    ],
)
def test_garbage_is_refused_with_a_reason(places: object, tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "fat/user-data").write_bytes(content)
    problem = take(places)
    assert problem is not None
    assert reason in problem
    assert reason in (tmp_path / "fat/hutch-settings-problem.txt").read_text()
    assert not (tmp_path / "cloud/seed/nocloud").exists()


def test_a_seed_that_was_cut_off_is_made_again(places: object, tmp_path: Path) -> None:
    fresh = tmp_path / "cloud/seed/nocloud.new"
    fresh.mkdir()
    (fresh / "user-data").write_text("half")
    put(places, user_data=GOOD)
    assert take(places) is None
    assert (tmp_path / "cloud/seed/nocloud/user-data").read_text() == GOOD
    assert not fresh.exists()


def test_the_name_is_of_the_serial_number_and_made_once(places: object, tmp_path: Path) -> None:
    (tmp_path / "hostname").write_text("hutch\n")
    (tmp_path / "serial").write_text("10000000abcdBEEF\0")
    assert first_boot.give_name(places) == "hutch-beef"
    (tmp_path / "serial").unlink()
    assert first_boot.give_name(places) == "hutch-beef"
    assert "127.0.1.1 hutch-beef" in (tmp_path / "hosts").read_text()


def test_a_board_without_a_number_gets_a_name_too(places: object, tmp_path: Path) -> None:
    (tmp_path / "serial").write_text("0000000000000000\0")
    name = first_boot.give_name(places)
    assert len(name) == len("hutch-0000")
    assert name == (tmp_path / "hostname").read_text().strip()


def test_cloud_init_runs_until_the_settings_are_applied(places: object, tmp_path: Path) -> None:
    def runs() -> bool:
        first_boot.switch_cloud_init(places)
        return not (tmp_path / "disabled").exists()

    def finish() -> None:
        """What cloud-init leaves at its end."""
        (tmp_path / "cloud/instances/x").mkdir(parents=True)
        (tmp_path / "cloud/instances/x/boot-finished").touch()
        (tmp_path / "cloud/instance").symlink_to(tmp_path / "cloud/instances/x")

    assert not runs()
    put(places, user_data=GOOD)
    take(places)
    assert runs()
    first_boot.note_applied(places)
    assert runs(), "nothing was applied"
    finish()
    assert runs(), "the power went before it was on the disk"
    assert not (tmp_path / "cloud/instances").exists(), "what was noted as done is done again"
    finish()
    first_boot.note_applied(places)
    assert not runs()
    assert (tmp_path / "cloud/instances/x/boot-finished").exists()
    put(places, user_data=GOOD + "timezone: UTC\n")
    take(places)
    assert runs()
