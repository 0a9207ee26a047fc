"""Who this device is towards a hub: one name that never changes."""

from __future__ import annotations

import re
from pathlib import Path

from foundation.files import read_private
from protocol.problems import Problem, ProblemCode
from provisioning.device_key import DeviceKeyFile

FILE_NAME = "gateway_id"
KEY_FILE_NAME = "device-key.json"
_FORM = re.compile(r"[A-Za-z0-9_-]{1,64}")


def gateway_id(data: Path) -> str:
    """The device's id: the name of its key, or the one that its data folder names. Blocks; raises :class:`Problem`.

    The file ``gateway_id`` is there on devices that had an id before they had a key, and where somebody chose one; a
    hub that is shown the key knows the device by the key's name all the same.
    """
    path = data / FILE_NAME
    content = read_private(path)
    if content is None:
        return DeviceKeyFile(data / KEY_FILE_NAME).ensure().device_id
    text = content.decode("ascii", errors="replace").strip()
    if not _FORM.fullmatch(text):
        raise Problem(
            ProblemCode.UNAVAILABLE,
            f"{path} does not hold a device id. Bring it back from a backup, or remove it to get a new identity.",
        )
    return text
