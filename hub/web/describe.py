"""``python -m hub.web.describe VERSION`` prints the description of the hub's API (OpenAPI 3.1) as JSON.

The hub asks a process of its own, see :mod:`foundation.web.description`.
"""

from __future__ import annotations

import sys

from foundation.web.openapi import About, print_description
from hub.people.roles import Role
from hub.web.routes import ROUTES
from hub.web.site import COOKIE


def about(version: str) -> About:
    """What the description says of a hub that runs ``version``."""
    return About(
        title="Hutch hub",
        version=version,
        description="Devices where coding agents live, reached from anywhere: people, fleet, sessions, rollouts.",
        cookie=COOKIE,
        who={
            Role.VIEWER: "viewers, operators and owners",
            Role.OPERATOR: "operators and owners",
            Role.OWNER: "owners",
        },
    )


if __name__ == "__main__":
    print_description(ROUTES, about(sys.argv[1]))
