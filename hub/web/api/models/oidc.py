"""What an OpenID provider sends back."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Callback(BaseModel):
    """The provider's answer in the address (OpenID Connect Core 1.0, 3.1.2.5). Providers add names of their own."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    code: str | None = Field(None, min_length=1, max_length=4096)
    state: str | None = Field(None, min_length=1, max_length=256)
    iss: str | None = Field(None, max_length=2048)
