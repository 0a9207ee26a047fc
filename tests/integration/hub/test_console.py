"""People added from the console, without a running hub."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.config import HubSettings
from hub.console import NewPerson, add
from protocol.problems import Problem, ProblemCode
from tests.integration.hub.rig import PASSWORD


async def test_the_first_person_runs_the_hub_however_they_come(hub_file: Path) -> None:
    settings = HubSettings(data=hub_file.parent)
    assert await add(settings, NewPerson("ann", PASSWORD)) == "ann (administrator)"
    assert await add(settings, NewPerson("bob", PASSWORD)) == "bob (person)"


async def test_an_organisation_is_made_and_owned_by_whom_it_is_made_for(hub_file: Path) -> None:
    settings = HubSettings(data=hub_file.parent)
    await add(settings, NewPerson("ann", PASSWORD))
    made = await add(settings, NewPerson("bob", PASSWORD, organisation="Shop", role="viewer"))
    assert made == "bob (person, owner of Shop)"
    joined = await add(settings, NewPerson("eve", PASSWORD, organisation="Shop", role="viewer"))
    assert joined == "eve (person, viewer of Shop)"
    with pytest.raises(Problem) as caught:
        await add(settings, NewPerson("eve", PASSWORD))
    assert caught.value.code is ProblemCode.NAME_TAKEN


async def test_a_name_that_is_none_adds_nobody(hub_file: Path) -> None:
    settings = HubSettings(data=hub_file.parent)
    with pytest.raises(Problem):
        await add(settings, NewPerson("ann", PASSWORD, organisation=" "))
    assert await add(settings, NewPerson("ann", PASSWORD)) == "ann (administrator)"
