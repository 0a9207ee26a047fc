"""Usage of a turn: where the protocol has it, or in ``_meta.quota.token_count`` of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gateway.conversations.types import Usage

if TYPE_CHECKING:
    from acp.schema import PromptResponse

    from gateway.agents.acp import UsagePlace


def usage_of(response: PromptResponse, place: UsagePlace | None) -> Usage:
    """What the turn took, as far as the answer tells."""
    told = response.usage
    if told is not None:
        return Usage(
            input_tokens=told.input_tokens,
            output_tokens=told.output_tokens,
            cached_tokens=told.cached_read_tokens,
            reasoning_tokens=told.thought_tokens,
        )
    return _of_quota(response.field_meta) if place == "quota" else Usage()


def _of_quota(meta: Mapping[str, object] | None) -> Usage:
    quota = (meta or {}).get("quota")
    counts = quota.get("token_count") if isinstance(quota, Mapping) else None
    if not isinstance(counts, Mapping):
        return Usage()
    return Usage(input_tokens=_number(counts.get("input_tokens")), output_tokens=_number(counts.get("output_tokens")))


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
