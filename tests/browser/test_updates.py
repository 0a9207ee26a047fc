"""Updates on the settings page: a real bundle, uploaded in a real browser, installed by the real RAUC."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from playwright.async_api import expect

from appliance.updates.state import StateFiles
from appliance.version import VERSION
from tests.browser.looks import check
from tests.browser.visitor import DESKTOP, PHONE, Visitors
from tests.device_process import DeviceProcess
from tests.integration.updates.machine import Machine
from tests.integration.updates.signing import Authority, make_bundle


@pytest.fixture
def place() -> Iterator[Path]:
    """A short path: the bus is a socket in it."""
    place = Path(tempfile.mkdtemp(prefix="hutch-machine-"))
    yield place
    shutil.rmtree(place)


@pytest.fixture
def environ(place: Path) -> dict[str, str]:
    machine = place / "machine"
    return {
        "HUTCH_SHELL": "/bin/sh",
        "HUTCH_RAUC_CONFIG": str(machine / "system.conf"),
        "HUTCH_BOOT_FOLDER": str(place / "hutch-boot"),
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={machine}/bus",
    }


@dataclass(frozen=True)
class Image:
    """What the device stands on."""

    place: Path
    authority: Authority
    machine: Machine


@pytest.fixture
async def image(place: Path) -> AsyncIterator[Image]:
    authority = Authority(place / "keys", "trusted")
    machine = Machine(place / "machine", authority.certificate)
    async with machine.running():
        yield Image(place, authority, machine)


def _came_back(device: DeviceProcess, machine: Machine, place: Path) -> None:
    """What the boot loader and the units of the image leave behind after three starts that hung."""
    files = StateFiles(device.data / "updates")
    record = files.read()
    assert record.trial is not None
    files.write(record.model_copy(update={"trial": record.trial.model_copy(update={"boot_id": "before"})}))
    (place / "hutch-boot").mkdir()
    lines = [{"slot": "B", "version": "0.2.0", "boot_id": f"try-{number}"} for number in range(3)]
    (place / "hutch-boot" / "attempts.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))


@pytest.mark.parametrize(("size", "scheme"), [(PHONE, "dark"), (DESKTOP, "light"), (PHONE, "light"), (DESKTOP, "dark")])
async def test_from_an_upload_over_the_restart_to_the_way_back(
    image: Image, visitors: Visitors, device: DeviceProcess, size: tuple[int, int], scheme: Literal["light", "dark"]
) -> None:
    mark, machine, place = f"{size[0]}-{scheme}", image.machine, image.place
    owner = await visitors.owner()
    anna = await visitors.come(size, scheme, like=owner)
    page = anna.page
    await anna.go("/settings/updates")
    await expect(page.get_by_role("heading", name=f"Hutch {VERSION}")).to_be_visible()
    await expect(page.get_by_text("runs now")).to_be_visible()
    wrong = await check(page, f"updates-{mark}", {})

    stranger = place / "stranger.raucb"
    make_bundle(stranger, Authority(place / "other", "other").signer("somebody"))
    await page.get_by_label("Bundle", exact=True).set_input_files(stranger)
    await expect(page.get_by_text("with a key that this device does not trust")).to_be_visible()
    await expect(page.get_by_text("Update failed")).to_be_visible()
    wrong += await check(page, f"updates-failed-{mark}", {})

    bundle = place / "hutch-0.2.0-arm64.raucb"
    written = make_bundle(bundle, image.authority.signer("releases"), size=1_500_000)
    await page.get_by_label("Bundle", exact=True).set_input_files(bundle)
    await expect(page.get_by_text("Waits for a restart")).to_be_visible()
    assert machine.slot("B", len(written)) == written
    wrong += await check(page, f"updates-installed-{mark}", {})
    await page.get_by_role("button", name="Restart now").click()
    await page.get_by_role("button", name="Restart", exact=True).click()
    await expect(page.get_by_text("The device restarts into version 0.2.0")).to_be_visible()
    assert machine.logind.reboots == 1

    await asyncio.to_thread(device.stop)
    await asyncio.to_thread(_came_back, device, machine, place)
    await asyncio.to_thread(device.start)
    await anna.go("/")
    back = page.get_by_text(f"The update to 0.2.0 was taken back; {VERSION} runs.")
    await expect(back).to_be_visible()
    await expect(page.get_by_text("was started 3 times and did not get through its checks")).to_be_visible()
    wrong += await check(page, f"home-rollback-{mark}", {})
    await anna.go("/settings/updates")
    await expect(back).to_be_visible()
    wrong += await check(page, f"updates-rollback-{mark}", {})
    assert not wrong, "\n".join(wrong)


async def test_what_a_person_prefers_is_kept(image: Image, visitors: Visitors) -> None:
    assert image.machine.primary == "A"
    anna = await visitors.owner()
    await anna.go("/settings/updates")
    await anna.page.get_by_label("Versions that only mend").check()
    await anna.page.get_by_label("Maintenance window").fill("23:30-01:00")
    await anna.page.get_by_role("button", name="Save").click()
    await expect(anna.page.get_by_text("Saved.")).to_be_visible()
    await anna.go("/settings/updates")
    await expect(anna.page.get_by_label("Versions that only mend")).to_be_checked()
    await expect(anna.page.get_by_label("Maintenance window")).to_have_value("23:30-01:00")
