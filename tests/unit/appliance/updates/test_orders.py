"""Addresses of updates, as channel, hub and people announce them."""

from __future__ import annotations

import pytest

from appliance.updates.backend import BundleInfo
from appliance.updates.streaming import Order, check_manifest
from protocol.commands import GatewayUpdate
from protocol.problems import Problem, ProblemCode

HASH = "5e" * 32
PLAIN = "https://updates.example.net/hutch-0.2.0-arm64.raucb"


def order(url: str, sha256: str = "") -> Order:
    return Order.of(url, sha256, "0.2.0", downgrade=False)


@pytest.mark.parametrize(
    ("url", "manifest"),
    [
        (PLAIN, ""),
        (f"{PLAIN}#", ""),
        (f"{PLAIN}#notes", ""),
        (f"{PLAIN}#manifest={HASH}", HASH),
        (f"{PLAIN}#manifest={HASH.upper()}&later=1", HASH),
        (f"{PLAIN}#later=1&manifest={HASH}", HASH),
    ],
)
def test_the_manifest_stands_behind_the_address_and_no_server_sees_it(url: str, manifest: str) -> None:
    taken = order(url)
    assert (taken.manifest, taken.url, taken.wanted.url) == (manifest, PLAIN, PLAIN)


@pytest.mark.parametrize("behind", ["manifest=", f"manifest={HASH[1:]}", f"manifest={HASH}0", f"xmanifest={HASH}"])
def test_half_a_hash_is_refused_and_not_left_out(behind: str) -> None:
    with pytest.raises(Problem) as refused:
        order(f"{PLAIN}#{behind}")
    assert refused.value.code is ProblemCode.INVALID_REQUEST


@pytest.mark.parametrize(
    ("url", "sha256", "streams"),
    [
        (PLAIN, "", True),
        (PLAIN, "ab" * 32, False),
        (f"{PLAIN}#manifest={HASH}", "ab" * 32, True),
        (f"{PLAIN}?token=x#manifest={HASH}", "", False),
        (f"https://me:x@updates.example.net/a.raucb#manifest={HASH}", "", False),
    ],
)
def test_what_goes_unchecked_or_shows_a_secret_is_not_streamed(url: str, sha256: str, streams: bool) -> None:
    assert order(url, sha256).may_stream is streams


def test_only_an_announced_manifest_is_compared() -> None:
    check_manifest(order(PLAIN), BundleInfo("0.2.0", HASH))
    check_manifest(order(f"{PLAIN}#manifest={HASH}"), BundleInfo("0.2.0", HASH))
    check_manifest(order(f"{PLAIN}#manifest={HASH}"), BundleInfo("0.2.0"))
    with pytest.raises(Problem) as refused:
        check_manifest(order(f"{PLAIN}#manifest={HASH}"), BundleInfo("0.2.0", "ab" * 32))
    assert refused.value.code is ProblemCode.CHECKSUM_MISMATCH


def test_the_hub_passes_such_an_address_on() -> None:
    url = f"{PLAIN}#manifest={HASH}"
    command = GatewayUpdate(request_id="r1", url=url, sha256="ab" * 32, version="0.2.0")
    assert GatewayUpdate.model_validate_json(command.model_dump_json()).url == url
