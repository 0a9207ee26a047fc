from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from appliance.config import Settings
from appliance.layout import Layout
from appliance.separation import agents_account, agents_user, become, refuse_within_reach
from gateway.programs.own import OwnPrograms
from gateway.programs.types import User
from protocol.problems import Problem, ProblemCode

AGENT = pwd.struct_passwd(("agent", "x", 61_000, 61_000, "", "/home/agent", "/bin/bash"))


@pytest.fixture
def an_agent(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"agent": AGENT}
    monkeypatch.setattr(pwd, "getpwnam", lambda name: known[name])


@pytest.mark.usefixtures("an_agent")
def test_folders_of_agents_are_in_their_home(tmp_path: Path) -> None:
    layout = Layout.of(Settings(data=tmp_path, agent_user="agent"))
    assert layout.workspace == Path("/home/agent/work")
    assert layout.agents == Path("/home/agent/.hutch/agents")
    assert layout.sockets == Path("/run/hutch-agents/tmux")
    assert layout.agent_user == User(61_000, "agent", Path("/home/agent"), "/bin/bash")
    settings = Settings(data=tmp_path, agent_user="agent", broker=Path("/run/b/x.sock"), workspace=Path("/srv/work"))
    other = Layout.of(settings)
    assert (other.sockets, other.workspace) == (Path("/run/b/tmux"), Path("/srv/work"))


@pytest.mark.usefixtures("an_agent")
def test_the_daemon_makes_nothing_of_the_agents(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    settings = Settings(data=tmp_path / "data", agent_user="agent", workspace=tmp_path / "w", agents=tmp_path / "a")
    Layout.of(settings).prepare()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


async def test_without_another_account_nothing_changes(tmp_path: Path) -> None:
    layout = Layout.of(Settings(data=tmp_path))
    assert layout.agent_user is None
    assert layout.workspace == tmp_path / "workspace"
    account = await agents_account(None, layout.broker, {tmp_path / "not made": 0o755})
    assert isinstance(account, OwnPrograms)
    assert not account.apart
    assert account.user.uid == os.getuid()
    assert not (tmp_path / "not made").exists()


def test_accounts_that_agents_may_not_have_are_refused() -> None:
    own = pwd.getpwuid(os.getuid()).pw_name
    for name in ("nobody-of-this-name", "root", own):
        with pytest.raises(Problem) as refused:
            agents_user(name)
        assert refused.value.code is ProblemCode.INVALID_REQUEST
        assert "agent_user" in refused.value.message


def test_a_data_folder_that_anybody_may_move_is_refused(tmp_path: Path) -> None:
    user = User(61_000, "agent", Path("/home/agent"), "/bin/bash")
    data = tmp_path / "open" / "data"
    data.mkdir(parents=True)
    refuse_within_reach(data, user)
    data.parent.chmod(0o777)
    with pytest.raises(Problem, match="may rename it"):
        refuse_within_reach(data, user)
    data.parent.chmod(0o1777)
    refuse_within_reach(data, user)


def test_the_account_itself_need_not_become_it() -> None:
    before = os.getresuid()
    become(User(os.geteuid(), "me", Path("/"), "/bin/sh"))
    assert os.getresuid() == before
