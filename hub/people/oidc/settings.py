"""The provider that the hub's settings name."""

from __future__ import annotations

from foundation.files import read_private
from hub.config import HubSettings
from hub.people.oidc.types import ProviderSettings
from protocol.problems import Problem, ProblemCode


def provider_settings(settings: HubSettings) -> ProviderSettings | None:
    """The hub as a client of its provider, None where it has none. Blocks for a small file; raises :class:`Problem`."""
    if settings.oidc_issuer is None or settings.oidc_client_id is None:
        return None
    return ProviderSettings(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=_secret(settings),
        name=settings.oidc_name,
        allowed_domains=frozenset(domain.lower().lstrip("@") for domain in settings.oidc_allowed_domains),
    )


def _secret(settings: HubSettings) -> str | None:
    if settings.oidc_client_secret is not None:
        return settings.oidc_client_secret.get_secret_value()
    path = settings.oidc_client_secret_file
    if path is None:
        return None
    content = read_private(path)
    text = "" if content is None else content.decode("utf-8", errors="replace").strip()
    if not text:
        raise Problem(
            ProblemCode.INVALID_REQUEST,
            f"{path} does not hold the provider's secret. Write it there, and nothing else.",
        )
    return text
