"""The ground that all models of bodies, queries and answers stand on."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints


class Body(BaseModel):
    """A request body or query. Unknown names are refused, so that a misspelt one is not silently ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Answer(BaseModel):
    """An answer."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True, defer_build=True)


MAX_NUMBER: Final = 2**31 - 1
"""The largest number a row can have: PostgreSQL refuses to compare it with a larger one."""
Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]
"""The number of a row."""
NO_CONTROLS = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, StringConstraints(max_length=200, pattern=NO_CONTROLS)]
"""One line of text for people."""
WorkspacePath = Annotated[str, StringConstraints(max_length=4096, pattern=r"^[^\x00]*$")]
"""A POSIX path, relative to the workspace root."""
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]
"""A SHA-256 in hexadecimal."""
