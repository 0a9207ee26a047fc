from __future__ import annotations

import pytest

from foundation.web.security.hosts import check_host, host_names
from protocol.problems import Problem, ProblemCode

NAMES = host_names("hutch-1", frozenset({"Hutch.Example.org"}))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "LOCALHOST.",
        "hutch-1",
        "Hutch-1.local:80",
        "hutch.example.org",
        "192.168.1.7",
        "192.168.1.7:8080",
        "[::1]:8080",
    ],
)
def test_addresses_and_own_names_are_accepted(host: str) -> None:
    check_host(host, NAMES, "device")


@pytest.mark.parametrize(
    "host",
    [
        None,
        "",
        "evil.example",
        "localhost.evil.example",
        "hutch-1.local.evil.example",
        "evil.example:localhost",
        "localhost@evil.example",
        "localhost:80:90",
        "192.168.1.7.evil.example",
        "local host",
        "[::1",
        "[fe80::1%25eth0]",
        "[localhost]",
        "hutch-1\n",
        "x" * 5000,
    ],
)
def test_every_other_name_is_refused(host: str | None) -> None:
    with pytest.raises(Problem) as refused:
        check_host(host, NAMES, "device")
    assert refused.value.code is ProblemCode.HOST_REFUSED
