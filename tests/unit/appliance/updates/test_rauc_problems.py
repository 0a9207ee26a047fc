from __future__ import annotations

from datetime import UTC, datetime

import pytest

from appliance.updates.rauc.problems import problem_of
from protocol.problems import ProblemCode

REFUSED = ProblemCode.BUNDLE_REFUSED


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("signature verification failed: Verify error: certificate has expired", REFUSED),
        ("signature verification failed: Verify error: certificate is not yet valid", ProblemCode.CLOCK_WRONG),
        ("signature verification failed: Verify error: unable to get local issuer certificate", REFUSED),
        ("signature verification failed: Verify error: certificate revoked", REFUSED),
        ("Verify error: unsuitable certificate purpose", REFUSED),
        ("Installation error: Compatible mismatch: Expected 'a' but bundle manifest has 'b'", REFUSED),
        ("Invalid bundle format: Signature size (1) exceeds bundle size", REFUSED),
        ("Bundle format 'plain' not allowed by configuration", REFUSED),
        ("Installation error: bundle version 0.1 is older than min-bundle-version 0.2", REFUSED),
        ("failed to write: No space left on device", ProblemCode.DISK_FULL),
        ("Already processing a different method", ProblemCode.CONFLICT),
        ("Failed updating slot rootfs.1: Input/output error", ProblemCode.INSTALL_FAILED),
        ("", ProblemCode.INSTALL_FAILED),
    ],
)
def test_what_rauc_says_has_a_code_and_a_sentence(said: str, code: ProblemCode) -> None:
    problem = problem_of(said, compatible="hutch-arm64")
    assert problem.code is code
    assert problem.message.endswith(".")
    assert "{" not in problem.message


def test_a_clock_of_1970_is_named() -> None:
    problem = problem_of("certificate is not yet valid", now=datetime(1970, 1, 1, 0, 3, tzinfo=UTC))
    assert "which says 01 January 1970, 00:03" in problem.message
