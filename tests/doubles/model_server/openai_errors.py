"""The errors of both of OpenAI's APIs."""

from __future__ import annotations

from tests.doubles.model_server.encoder import JsonObject
from tests.doubles.model_server.script import Refuse

_KINDS = {
    400: ("invalid_request_error", None),
    401: ("invalid_request_error", "invalid_api_key"),
    403: ("invalid_request_error", None),
    404: ("invalid_request_error", "model_not_found"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}


def error_object(refuse: Refuse) -> JsonObject:
    """The body of an HTTP error."""
    kind, code = _KINDS.get(refuse.status, ("server_error", None))
    return {"error": {"message": refuse.message, "type": kind, "param": None, "code": code}}
