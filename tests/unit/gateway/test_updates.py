from __future__ import annotations

import pytest

from gateway.updates.none import NoUpdater
from gateway.updates.types import Updater
from protocol.problems import Problem, ProblemCode


async def test_a_device_that_cannot_update_itself_says_why() -> None:
    updater: Updater = NoUpdater("This is a checkout. Update it with git.")
    with pytest.raises(Problem) as refused:
        await updater.install("https://hub/bundle", "0" * 64, "1.2.3")
    assert refused.value.code is ProblemCode.UPDATE_UNAVAILABLE
    assert refused.value.message == "This is a checkout. Update it with git."
