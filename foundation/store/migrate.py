"""Bring a store to the newest schema: ``HUTCH_STORE_URL=… python -m foundation.store.migrate FOLDER [REVISION]``.

Runs in a process of its own. Ends with 0, or with 1 and one line of JSON on standard output that holds the problem.
Alembic is imported only when this runs, never when the module is imported.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sqlalchemy import exc

from foundation.store.engine import store_url
from foundation.store.failures import problem_of
from protocol.problems import Problem, ProblemCode, ProblemInfo

URL_VARIABLE = "HUTCH_STORE_URL"


def migrate(url: str, migrations: Path, revision: str = "head") -> None:
    """Migrate the store at ``url`` up to a revision in the folder ``migrations``.

    Blocks; all of it happens or nothing. Raises :class:`Problem`.
    """
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["url"] = store_url(url)
    try:
        command.upgrade(config, revision)
    except exc.SQLAlchemyError as error:
        raise problem_of(error) from error


def main(arguments: list[str]) -> int:
    """The command's body; the answer is the exit code."""
    url = os.environ.get(URL_VARIABLE)
    try:
        if url is None:
            raise Problem(ProblemCode.INVALID_REQUEST, f"Set {URL_VARIABLE} to the address of the store.")
        if not arguments:
            raise Problem(ProblemCode.INVALID_REQUEST, "Give the folder of the migrations as the first argument.")
        migrate(url, Path(arguments[0]), *arguments[1:2])
    except Problem as problem:
        info = ProblemInfo(code=problem.code, message=problem.message, details=problem.details)
        sys.stdout.write(info.model_dump_json() + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
