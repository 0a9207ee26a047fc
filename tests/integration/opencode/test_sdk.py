"""The real ``@opencode-ai/sdk`` drives a device: streaming, a permission, a stop, files."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

from tests.integration.opencode.rig import PASSWORD, OpenCodeRig

ROOT = Path(__file__).parents[3]
SDK = ROOT / "webui" / "frontend" / "node_modules" / "@opencode-ai" / "sdk"
SCRIPT = Path(__file__).with_name("drive.mjs")


async def test_the_sdk_drives_a_device(guarded: OpenCodeRig) -> None:
    (guarded.work / "README.md").write_text("Read me.")
    node = shutil.which("node")
    assert node is not None, "make test puts Node on the PATH"
    assert SDK.is_dir(), "make setup installs the SDK with the pages' packages"
    # The password is the test's own; a program of a person reads it from its environment.
    driver = await asyncio.create_subprocess_exec(
        node,
        str(SCRIPT),
        str(SDK),
        guarded.url,
        PASSWORD,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(60):
            printed, complaints = await driver.communicate()
    finally:
        if driver.returncode is None:
            driver.kill()
            await driver.wait()
    assert driver.returncode == 0, complaints.decode()
    seen = json.loads(printed)
    assert seen["health"] == {"healthy": True, "version": "0.0.1"}
    assert seen["first"] == "server.connected"
    assert seen["streamed"]["text"].split() == ["one", "[yes]", "two"]
    assert seen["streamed"]["asked"] == 1
    assert seen["prompted"] == ["three"]
    assert (seen["aborted"], seen["stopped"]) == (True, "MessageAbortedError")
    assert seen["messages"] == ["user", "assistant"] * 3
    assert seen["listed"] == ["from the sdk"]
    assert seen["status"] == {}
    assert (seen["files"], seen["found"], seen["content"]) == (["README.md"], ["README.md"], "Read me.")
    assert seen["providers"] == 4
    assert seen["refused"] != "answered"
