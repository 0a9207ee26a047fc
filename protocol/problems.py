"""Problem codes: one table for the log, the page, the REST API and the wire.

A :class:`Problem` is what every refused request, command, frame or upload ends in. It has a code that programs
match on and a sentence that tells a person what to do next.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class ProblemCode(StrEnum):
    """What went wrong, as a stable word. Codes are added, never given another meaning."""

    # The request itself
    INVALID_REQUEST = "invalid_request"
    MALFORMED_MESSAGE = "malformed_message"
    MALFORMED_FRAME = "malformed_frame"
    UNKNOWN_COMMAND = "unknown_command"
    UNKNOWN_EVENT = "unknown_event"
    TOO_LARGE = "too_large"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    CONFLICT = "conflict"
    # Who may
    NOT_LOGGED_IN = "not_logged_in"
    LOGIN_FAILED = "login_failed"
    FORBIDDEN = "forbidden"
    NOT_IN_CONTROL = "not_in_control"
    RATE_LIMITED = "rate_limited"
    CSRF_REFUSED = "csrf_refused"
    ORIGIN_REFUSED = "origin_refused"
    HOST_REFUSED = "host_refused"
    SETUP_NEEDED = "setup_needed"
    SETUP_DONE = "setup_done"
    SETUP_CODE_WRONG = "setup_code_wrong"
    # Sessions
    NAME_TAKEN = "name_taken"
    WORKDIR_MISSING = "workdir_missing"
    SESSION_ENDED = "session_ended"
    SESSION_FAILED = "session_failed"
    TMUX_MISSING = "tmux_missing"
    AGENT_MISSING = "agent_missing"
    TOO_MANY = "too_many"
    RUNAWAY_OUTPUT = "runaway_output"
    # Workspaces and transfers
    PATH_OUTSIDE_WORKSPACE = "path_outside_workspace"
    OUT_OF_ORDER = "out_of_order"
    CHECKSUM_MISMATCH = "checksum_mismatch"
    TRANSFER_EXPIRED = "transfer_expired"
    DISK_FULL = "disk_full"
    PERMISSION_DENIED = "permission_denied"
    # Host and hub
    KEY_INVALID = "key_invalid"
    INSTALL_FAILED = "install_failed"
    UPDATE_UNAVAILABLE = "update_unavailable"
    BUNDLE_REFUSED = "bundle_refused"
    HUB_UNREACHABLE = "hub_unreachable"
    HUB_REFUSED = "hub_refused"
    HUB_CHANGED = "hub_changed"
    DEVICE_OFFLINE = "device_offline"
    DEVICE_REVOKED = "device_revoked"
    PROOF_WRONG = "proof_wrong"
    CLOCK_WRONG = "clock_wrong"
    CLAIM_WRONG = "claim_wrong"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    INTERNAL = "internal"


class Problem(Exception):
    """A refusal with a code and a sentence that says what to do.

    ``details`` holds what a program may want to read (field names, limits in the unit the sentence names); never a
    secret, because problems reach logs and pages.
    """

    def __init__(self, code: ProblemCode, message: str, details: Mapping[str, JsonValue] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: dict[str, JsonValue] = dict(details or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ProblemInfo(BaseModel):
    """The inside of an error answer."""

    model_config = ConfigDict(frozen=True)

    code: ProblemCode
    message: str = Field(description="A sentence for a person: what happened and what to do.")
    details: dict[str, JsonValue] = Field(default_factory=dict)


class ErrorAnswer(BaseModel):
    """The body of every answer that is not a success: ``{"error": {"code", "message", "details"}}``."""

    model_config = ConfigDict(frozen=True)

    error: ProblemInfo

    @classmethod
    def of(cls, problem: Problem) -> ErrorAnswer:
        """The answer that carries a problem."""
        return cls(error=ProblemInfo(code=problem.code, message=problem.message, details=problem.details))
