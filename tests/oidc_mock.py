"""A real OpenID provider for tests: oidc-provider-mock in a process of its own, on loopback."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

_READY = re.compile(r"(http://[\w.:]+)")


@pytest.fixture
def provider_mock() -> Iterator[str]:
    """Its issuer."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "oidc_provider_mock", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := _READY.search(line):
                yield found[1]
                break
        else:
            raise AssertionError("the provider did not start")
    finally:
        process.terminate()
        process.communicate(timeout=10)
