from __future__ import annotations

import asyncio
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from gateway.host.health import HealthSampler
from gateway.host.sensors import Temperature, Throttling


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def zone(sys: Path, number: int, kind: str, millidegrees: str) -> None:
    put(sys / f"class/thermal/thermal_zone{number}/type", kind + "\n")
    put(sys / f"class/thermal/thermal_zone{number}/temp", millidegrees + "\n")


def throttled(sys: Path, text: str) -> Path:
    path = sys / "devices/platform/soc/soc:firmware/get_throttled"
    put(path, text)
    return path


def test_a_sample_is_what_the_machine_says(tmp_path: Path) -> None:
    sample = HealthSampler(tmp_path).sample()
    assert abs((datetime.now(UTC) - sample.at).total_seconds()) < 60
    assert 0 <= sample.cpu_percent <= 100
    assert sample.ram_total_bytes == psutil.virtual_memory().total
    assert 0 < sample.ram_used_bytes < sample.ram_total_bytes
    assert sample.disk_total_bytes == shutil.disk_usage(tmp_path).total
    assert 0 < sample.disk_used_bytes < sample.disk_total_bytes
    assert abs(sample.uptime_seconds - float(Path("/proc/uptime").read_text().split()[0])) < 5


def test_the_disk_counts_before_its_folder_is_made(tmp_path: Path) -> None:
    sample = HealthSampler(tmp_path / "not" / "yet").sample()
    assert sample.disk_total_bytes == shutil.disk_usage(tmp_path).total


async def test_work_shows_whatever_thread_measures(tmp_path: Path) -> None:
    sampler = HealthSampler(tmp_path)

    def work() -> None:
        until = time.thread_time() + 0.3
        while time.thread_time() < until:
            sum(range(1000))

    await asyncio.to_thread(work)
    assert (await asyncio.to_thread(sampler.sample)).cpu_percent > 0


def test_uptime_takes_no_notice_of_the_wall_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = HealthSampler(tmp_path).sample().uptime_seconds
    monkeypatch.setattr(time, "time", lambda: 0.0)
    monkeypatch.setattr(psutil, "boot_time", lambda: 4e9)
    assert 0 <= HealthSampler(tmp_path).sample().uptime_seconds - before < 60


def test_the_processor_s_own_temperature_is_preferred(tmp_path: Path) -> None:
    zone(tmp_path, 0, "acpitz", "20000")
    zone(tmp_path, 1, "cpu-thermal", "48312")
    assert Temperature(tmp_path).read() == 48.3


@pytest.mark.parametrize("millidegrees", ["-274000", "255000"])
def test_impossible_temperatures_are_none(tmp_path: Path, millidegrees: str) -> None:
    zone(tmp_path, 0, "cpu-thermal", millidegrees)
    assert Temperature(tmp_path).read() is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0\n", False), ("50000\n", False), ("1\n", True), ("50005\n", True), ("e0008\n", True)],
    ids=["never", "was, but is not", "low voltage", "throttled", "soft limit"],
)
def test_throttling_is_what_the_firmware_says_of_now(tmp_path: Path, text: str, expected: bool) -> None:
    throttled(tmp_path, text)
    assert Throttling(tmp_path).read() is expected


@pytest.mark.parametrize(("alarm", "expected"), [("0\n", False), ("1\n", True)])
def test_the_mainline_kernel_tells_of_low_voltage(tmp_path: Path, alarm: str, expected: bool) -> None:
    put(tmp_path / "class/hwmon/hwmon0/name", "nvme\n")
    put(tmp_path / "class/hwmon/hwmon0/in0_lcrit_alarm", "1\n")
    put(tmp_path / "class/hwmon/hwmon1/name", "rpi_volt\n")
    put(tmp_path / "class/hwmon/hwmon1/in0_lcrit_alarm", alarm)
    assert Throttling(tmp_path).read() is expected


def test_a_machine_without_sensors_says_none(tmp_path: Path) -> None:
    sample = HealthSampler(tmp_path, sys=tmp_path / "sys").sample()
    assert sample.throttled is None


def test_sensors_that_fail_fail_no_sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zone(tmp_path, 0, "cpu-thermal", "garbage")
    path = throttled(tmp_path, "0")
    sampler = HealthSampler(tmp_path, sys=tmp_path)
    assert sampler.sample().throttled is False
    path.unlink()

    def broken() -> None:
        raise OSError("no /proc here")

    monkeypatch.setattr(psutil, "virtual_memory", broken)
    monkeypatch.setattr(psutil, "cpu_times", broken)
    sample = sampler.sample()
    assert (sample.temperature_celsius, sample.throttled) == (None, None)
    assert sample.cpu_percent == 0.0
    assert sample.ram_total_bytes == 0
    assert sample.disk_total_bytes > 0


def test_the_board_is_named_by_the_device_tree(tmp_path: Path) -> None:
    put(tmp_path / "device-tree/model", "Raspberry Pi 5 Model B Rev 1.0\0")
    assert HealthSampler(tmp_path, proc=tmp_path).system_info().model == "Raspberry Pi 5 Model B Rev 1.0"


def test_system_info_of_a_machine_without_a_device_tree(tmp_path: Path) -> None:
    info = HealthSampler(tmp_path, proc=tmp_path).system_info()
    assert info.model is None
    assert info.hostname
    assert info.os
    assert info.arch
    assert info.cpus >= 1
    assert info.ram_total_bytes > 0
    assert info.disk_total_bytes > 0
