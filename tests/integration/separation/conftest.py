"""The two accounts, where the machine lets us have them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.separation.accounts import Accounts, two_accounts, why_no_home, why_not


@pytest.fixture(scope="session")
def possible() -> None:
    """Two accounts need root."""
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)


@pytest.fixture
def accounts(possible: None) -> Iterator[Accounts]:
    with two_accounts() as made:
        yield made


@pytest.fixture
def housed(possible: None) -> Iterator[Accounts]:
    """The accounts, for a device that finds the agents' home where they have it."""
    reason = why_no_home()
    if reason is not None:
        pytest.skip(reason)
    with two_accounts() as made:
        yield made
