from __future__ import annotations

from pathlib import Path

import pytest

from gateway.agents.npm import environment, failure, install_command, need_npm
from gateway.agents.registry import CATALOG
from protocol.problems import Problem, ProblemCode

CLI = CATALOG["gemini"]


@pytest.mark.parametrize(
    ("lines", "code", "says"),
    [
        (["npm error code ENOTFOUND", "npm error network request failed"], ProblemCode.INSTALL_FAILED, "network"),
        (["npm ERR! code EAI_AGAIN"], ProblemCode.INSTALL_FAILED, "network"),
        (["npm warn ENOTFOUND", "npm error code ENOSPC"], ProblemCode.DISK_FULL, "disk is full"),
        (["npm error code EACCES"], ProblemCode.PERMISSION_DENIED, "user"),
        (["npm error code E404"], ProblemCode.INSTALL_FAILED, "Update Hutch"),
        (["npm error code ETARGET"], ProblemCode.INSTALL_FAILED, "Update Hutch"),
        (["npm error code E401"], ProblemCode.INSTALL_FAILED, "login"),
        (["npm error code EINTEGRITY"], ProblemCode.INSTALL_FAILED, "damaged"),
        (["npm error something else"], ProblemCode.INSTALL_FAILED, "something else"),
        (["killed"], ProblemCode.INSTALL_FAILED, "killed"),
        ([], ProblemCode.INSTALL_FAILED, "said nothing"),
    ],
)
def test_what_npm_says_becomes_what_to_do(lines: list[str], code: ProblemCode, says: str) -> None:
    problem = failure(CLI, lines)
    assert problem.code is code
    assert says in problem.message


def test_npm_sees_no_setting_and_no_secret_of_the_daemon() -> None:
    kept = {"PATH": "/bin", "HOME": "/h", "https_proxy": "p", "npm_config_cache": "c", "LC_ALL": "C"}
    secret = {"HUTCH_HUB_TOKEN": "t", "NOTIFY_SOCKET": "/run", "AWS_SECRET": "s", "ANTHROPIC_API_KEY": "k"}
    assert environment({**kept, **secret}) == kept


def test_exactly_the_pinned_version_is_asked_for_and_no_foreign_script_runs() -> None:
    command = install_command(CLI, Path("/prefix/x"))
    assert command[-1] == f"{CLI.package}@{CLI.version}"
    assert "--ignore-scripts" in command


def test_a_missing_npm_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Problem) as refused:
        need_npm()
    assert refused.value.code is ProblemCode.INSTALL_FAILED
    assert "Install Node" in refused.value.message
