from __future__ import annotations

import pytest

from hub.enrolment.hosts import DialledHosts


@pytest.mark.parametrize(
    ("url", "names"),
    [
        ("https://Hub.Example", ("hub.example", "hub.example:443")),
        ("https://hub.example:443", ("hub.example:443", "hub.example")),
        ("http://hub.example:8090", ("hub.example:8090",)),
        ("wss://hub.example/gw/connect", ("hub.example", "hub.example:443")),
        ("http://[::1]:80", ("[::1]:80", "[::1]")),
        ("http://10.0.0.5", ("10.0.0.5", "10.0.0.5:80")),
        ("nonsense", ()),
        ("ftp://hub.example", ()),
    ],
)
def test_the_names_of_an_address(url: str, names: tuple[str, ...]) -> None:
    assert DialledHosts([url], "hub").names == names


def test_the_first_address_counts_and_each_name_once() -> None:
    hosts = DialledHosts([], "hub")
    assert (hosts.main, hosts.names) == ("hub", ())
    hosts.add("http://127.0.0.1:8090")
    hosts.add("http://127.0.0.1:8090/")
    assert (hosts.main, hosts.names) == ("127.0.0.1:8090", ("127.0.0.1:8090",))
