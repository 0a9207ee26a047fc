"""The device page."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from typing import Final

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from appliance.version import VERSION

_SECONDS: Final = 10.0
"""The daemon says that it is ready only once its page is open, so this is patience with a busy machine."""
_PACE: Final = 1.0
_LARGEST: Final = 1024 * 1024
_ANYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 - to be reached, not opened


def check(settings: Settings, _layout: Layout) -> Finding:
    """Health is answered by this version, and the page where people log in is there."""
    until = time.monotonic() + _SECONDS
    while True:
        finding = _look(address_of(settings))
        if finding.verdict is Verdict.OK or time.monotonic() > until:
            return finding
        time.sleep(_PACE)


def address_of(settings: Settings) -> str:
    """Where the page is reached from this machine."""
    host = settings.listen.host
    return f"http://{_ANYWHERE.get(host, f'[{host}]' if ':' in host else host)}:{settings.listen.port}"


def _look(address: str) -> Finding:
    try:
        health = json.loads(_get(f"{address}/health"))
        _get(f"{address}/login")
    except (OSError, ValueError, TypeError) as error:
        return Finding(Verdict.FAIL, f"The device page does not answer at {address}: {_reason(error)}.")
    if not isinstance(health, dict) or health.get("version") != VERSION:
        return Finding(Verdict.FAIL, f"Another version than {VERSION} answers at {address}.")
    if health.get("status") == "unhealthy":
        return Finding(Verdict.FAIL, f"The device is not well: {', '.join(map(str, health.get('reasons', [])))}.")
    return Finding(Verdict.OK, f"answers at {address}")


def _get(url: str) -> bytes:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=10) as answer:
            body: bytes = answer.read(_LARGEST)
            return body
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 503:  # unhealthy, with the reasons
                return error.read(_LARGEST)
            raise OSError(f"{error.code} {error.reason}") from None


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", error))[:200]
