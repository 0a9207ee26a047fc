"""The account that agents work in."""

from __future__ import annotations

import os

from appliance.checks.types import Finding, Verdict
from appliance.config import Settings
from appliance.layout import Layout
from gateway.programs.calls import BrokerCalls
from gateway.programs.chores import Chores
from protocol.problems import Problem


def check(_settings: Settings, layout: Layout) -> Finding:
    """Its broker answers, and it cannot read the data folder."""
    user = layout.agent_user
    if user is None:
        return Finding(Verdict.OK, "agents work in the account of the device itself")
    calls = BrokerCalls(layout.broker, user.uid)
    try:
        Chores(calls).names(layout.data)
    except Problem as problem:
        return Finding(Verdict.FAIL, problem.message)
    except PermissionError:
        return Finding(Verdict.OK, f"agents work as {user.name}, and cannot read {layout.data}")
    except OSError as error:
        return Finding(Verdict.WARN, f"{user.name} finds {layout.data} so: {os.strerror(error.errno or 0)}")
    finally:
        calls.close()
    return Finding(Verdict.FAIL, f"{user.name} can read {layout.data}. Give it the mode 0700.")
