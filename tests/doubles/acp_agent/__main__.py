"""Runs the scripted agent on standard input and output."""

from __future__ import annotations

import argparse
import asyncio
import signal
from pathlib import Path
from typing import cast

from acp import Agent, run_agent

from tests.doubles.acp_agent.agent import ScriptedAgent


def main() -> None:
    """Read the options and speak until the input ends."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--state", type=Path, required=True)
    parser.add_argument("--forgets", action="store_true", help="cannot load sessions")
    parser.add_argument("--resumes", action="store_true", help="offers session/resume")
    parser.add_argument("--mute", action="store_true", help="answers nothing, not even initialize")
    parser.add_argument("--stubborn", action="store_true", help="ignores session/cancel and SIGTERM")
    parser.add_argument("--logged-out", action="store_true", help="refuses session/new")
    parser.add_argument("--fixed", action="store_true", help="refuses another mode or model")
    parser.add_argument("--deaf", action="store_true", help="never answers who asks for another mode or model")
    options = parser.parse_args()
    if options.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asyncio.run(run_agent(cast(Agent, ScriptedAgent(options)), use_unstable_protocol=True))


main()
