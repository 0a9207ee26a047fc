"""Asking npm for a package, and saying in plain words why it did not bring one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.agents.cli import Adapter, AgentCli
from protocol.problems import Problem, ProblemCode

_KEPT = {"PATH", "HOME", "USER", "LOGNAME", "LANG", "TMPDIR", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "SSL_CERT_DIR"}
_KEPT_PREFIXES = ("LC_", "XDG_", "NPM_CONFIG_")
_KEPT_SUFFIXES = ("_PROXY",)


@dataclass(frozen=True, slots=True)
class _Reason:
    marks: tuple[str, ...]
    code: ProblemCode
    sentence: str


_REASONS = (
    _Reason(
        ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "ENETUNREACH", "ECONNRESET", "ERR_SOCKET_TIMEOUT"),
        ProblemCode.INSTALL_FAILED,
        "The package registry could not be reached. Check the network of this device and try again.",
    ),
    _Reason(
        ("ENOSPC", "EDQUOT"),
        ProblemCode.DISK_FULL,
        "The disk is full. Remove something and install again.",
    ),
    _Reason(
        ("EACCES", "EPERM", "EROFS"),
        ProblemCode.PERMISSION_DENIED,
        "npm may not write into the folder for agent CLIs. Give it to the user Hutch runs as.",
    ),
    _Reason(
        ("E404", "ETARGET", "ENOVERSIONS"),
        ProblemCode.INSTALL_FAILED,
        "The registry does not have this version. Update Hutch to get a newer list of versions.",
    ),
    _Reason(
        ("E401", "E403", "ENEEDAUTH"),
        ProblemCode.INSTALL_FAILED,
        "The registry asks for a login. Check the npm settings of this device.",
    ),
    _Reason(
        ("EINTEGRITY", "EBADPLATFORM"),
        ProblemCode.INSTALL_FAILED,
        "The package is damaged or not made for this machine. Try again later, or on another machine.",
    ),
)


def need_npm() -> None:
    """Raise INSTALL_FAILED when there is no npm. Which one is started is for the agents' account to find."""
    if shutil.which("npm") is None:
        raise Problem(
            ProblemCode.INSTALL_FAILED,
            "npm is not on this device. Install Node 20 or newer with npm (Debian: apt install npm) and try again.",
        )


def install_command(cli: AgentCli, folder: Path) -> Sequence[str]:
    """How npm brings exactly one version of a package into a folder of its own, without running foreign scripts."""
    return _install(folder, cli.source or f"{cli.package}@{cli.version}")


def adapter_command(adapter: Adapter, folder: Path) -> Sequence[str]:
    """How npm brings what speaks ACP for a CLI. Optional packages are left out: they are a second copy of the CLI."""
    package = adapter.source or f"{adapter.pin.package}@{adapter.pin.version}"
    return _install(folder, "--omit=optional", package)


def _install(folder: Path, *what: str) -> Sequence[str]:
    return (
        *("npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund"),
        *("--no-package-lock", "--no-update-notifier", "--no-progress", "--install-links"),
        *("--loglevel", "error", *what),
    )


def environment(inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """What npm and the programs it brings may see of our variables: never a setting or a secret of the daemon."""
    source = os.environ if inherited is None else inherited
    return {name: value for name, value in source.items() if _is_kept(name)}


def _is_kept(name: str) -> bool:
    upper = name.upper()
    return upper in _KEPT or upper.startswith(_KEPT_PREFIXES) or upper.endswith(_KEPT_SUFFIXES)


def failure(cli: AgentCli, lines: Sequence[str]) -> Problem:
    """Why npm failed, from what it printed."""
    errors = [line for line in lines if line.lower().startswith(("npm err", "npm error"))]
    words = set(" ".join(errors).replace(":", " ").replace(",", " ").split())
    for reason in _REASONS:
        if words.intersection(reason.marks):
            return Problem(reason.code, f"{cli.title} was not installed. {reason.sentence}", {"agent": cli.name})
    last = (errors or list(lines) or ["npm said nothing"])[-1]
    return Problem(
        ProblemCode.INSTALL_FAILED,
        f"{cli.title} was not installed; npm ended with: {last}. Look at the lines above it and try again.",
        {"agent": cli.name},
    )
