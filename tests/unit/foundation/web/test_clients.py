from __future__ import annotations

from ipaddress import ip_network
from unittest.mock import Mock

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from foundation.web.security.clients import client_of

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"))


def test_a_stranger_cannot_say_who_they_are() -> None:
    request = _request("192.0.2.9", ("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-Host", "evil.example"))
    client = client_of(request, TRUSTED)
    assert (client.source, client.scheme, client.host) == ("192.0.2.9", "http", "hutch:80")


@pytest.mark.parametrize(
    ("forwarded", "source"),
    [
        ("1.2.3.4", "1.2.3.4"),
        ("6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("1.2.3.4, 10.1.1.1", "1.2.3.4"),
        ("garbage", "10.0.0.2"),
        ("1.2.3.4, garbage", "10.0.0.2"),
        ("2001:db8::1", "2001:db8::1"),
        ("", "10.0.0.2"),
    ],
)
def test_a_trusted_proxy_names_the_last_address_that_is_not_its_own(forwarded: str, source: str) -> None:
    request = _request("10.0.0.2", ("X-Forwarded-For", forwarded))
    assert client_of(request, TRUSTED).source == source


def test_a_trusted_proxy_names_scheme_and_host() -> None:
    request = _request("::ffff:10.0.0.2", ("X-Forwarded-Proto", "https"), ("X-Forwarded-Host", "hutch.example.org"))
    client = client_of(request, TRUSTED)
    assert (client.scheme, client.host) == ("https", "hutch.example.org")


def _request(peer: str, *headers: tuple[str, str]) -> web.Request:
    transport = Mock()
    transport.get_extra_info.side_effect = {"peername": (peer, 5000)}.get
    named = CIMultiDict([("Host", "hutch:80"), *headers])
    return make_mocked_request("GET", "/", headers=named, transport=transport)
