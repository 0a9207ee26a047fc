"""Takes secrets out of texts: those that this device has, wherever they stand, and what looks like one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from appliance.config import Settings
from appliance.layout import Layout

REMOVED: Final = "[removed]"
_SHORTEST: Final = 6
"""Characters of a secret that is looked for; what is shorter would be found everywhere."""
_LARGEST: Final = 256 * 1024
_LOOKS: Final = (
    re.compile(r"(?i)\b((?:authorization|cookie|set-cookie|x-api-key)\s*[:=]\s*)[^\r\n\"']+"),
    re.compile(
        r"(?i)([\w.-]*(?:pass(?:word|phrase|wd)?|secret|token|api[_-]?key|private[_-]?key|setup[_ -]code)[\w.-]*"
        r"[\"']?\s*[:= ]\s*[\"']?)(?!\[removed\]|(?:null|true|false)\b)[^\s\"',}]{4,}"
    ),
    re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?=@)"),
    re.compile(r"(?i)([?&](?:key|code|sig|auth)=)[^\s&\"']+"),
    re.compile(r"()\b(?:hutch_[a-z]+_|hutch_|sk-|ghp_|gho_|github_pat_|xox[abp]-|AIza|AKIA)[A-Za-z0-9_-]{12,}"),
    re.compile(r"()\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    re.compile(r"()-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
)


class Redactor:
    """Knows the secrets of one device."""

    def __init__(self, secrets: Iterable[str]) -> None:
        known = sorted({one for one in secrets if len(one) >= _SHORTEST}, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None

    def clean(self, text: str) -> str:
        """The text without them."""
        if self._known is not None:
            text = self._known.sub(REMOVED, text)
        for look in _LOOKS:
            text = look.sub(rf"\g<1>{REMOVED}", text)
        return text


def secrets_of(settings: Settings, layout: Layout) -> set[str]:
    """Every secret in the settings and in the private files of the data folder, in all its spellings. Blocks."""
    found = {
        value.get_secret_value()
        for name in Settings.model_fields
        if isinstance(value := getattr(settings, name), SecretStr)
    }
    for path in (layout.data / "secrets.key", layout.device_key, layout.hub_credentials, layout.setup_code):
        with suppress(OSError), path.open("rb") as file:
            found |= set(_spellings(file.read(_LARGEST)))
    return found


def _spellings(content: bytes) -> Iterator[str]:
    yield content.hex()
    text = content.decode(errors="replace").strip()
    yield text
    with suppress(ValueError):
        yield from _strings(json.loads(text))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str) and not value.startswith(("http:", "https:", "ws:", "wss:")):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def settings_text(settings: Settings) -> str:
    """The settings that are in force; of secrets only whether there is one."""
    shown = settings.model_dump(mode="json")
    for name in shown:
        if isinstance(getattr(settings, name), SecretStr):
            shown[name] = REMOVED
    return json.dumps(shown, indent=1)


def tail(path: Path, largest: int) -> str:
    """The end of a text file. Raises OSError."""
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - largest))
        return file.read(largest).decode(errors="replace")
