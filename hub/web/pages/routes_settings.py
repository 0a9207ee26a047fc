"""The pages of getting in and out, and of the settings."""

from __future__ import annotations

from typing import Final

from foundation.web.pages import docs, theme
from foundation.web.pages.static import static
from foundation.web.routing import Route
from hub.people.roles import Role
from hub.web.pages import (
    first_run,
    invitation,
    login,
    settings,
    settings_about,
    settings_account,
    settings_accounts,
    settings_alerts,
    settings_audit,
    settings_groups,
    settings_people,
    settings_tokens,
)
from hub.web.pages.rows import OWNER, form, open_form, open_page, page
from hub.web.security.scopes import ADMINISTRATION

_ORGANISATION: Final = "/settings/organisations/{organisation_id}"

IN_AND_OUT: Final[list[Route[Role]]] = [
    open_page("/setup", first_run.setup_page, "Make a new hub yours"),
    open_form("/setup", first_run.complete_setup, "Make a new hub yours", "setup"),
    open_page("/login", login.login_page, "Log in"),
    open_form("/login", login.log_in, "Log in", "login"),
    form("/logout", login.log_out, "Log out", "logout"),
    open_page("/invitation", invitation.invitation_page, "Open an invitation"),
    open_form("/invitation/open", invitation.open_invitation, "See what an invitation is for", None),
    open_form("/invitation", invitation.accept_invitation, "Accept an invitation", "invitation.accept"),
    form("/invitation/join", invitation.join, "Accept an invitation with the account one has", "invitation.join"),
    open_form("/theme", theme.choose_theme, "Choose light or dark", None),
    open_page("/static/{name:.+}", static, "Scripts and styles"),
    page("/docs", docs.docs_page, "The API reference"),
]

_OWN: Final[list[Route[Role]]] = [
    page("/settings", settings.settings_page, "Settings"),
    page("/settings/account", settings_account.account_page, "One's own account"),
    form(
        "/settings/account/password", settings_account.change_own_password, "Change one's password", "password.change"
    ),
    page("/settings/tokens", settings_tokens.tokens_page, "Tokens"),
    form("/settings/tokens", settings_tokens.create_token, "Make a token", "token.create"),
    form("/settings/tokens/{token_id}/revoke", settings_tokens.revoke_token, "Revoke a token", "token.revoke"),
    page("/settings/about", settings_about.about_page, "About this hub"),
]

_OF_ORGANISATION: Final[list[Route[Role]]] = [
    page(f"{_ORGANISATION}/people", settings_people.people_page, "People", scope="organisation"),
    form(
        f"{_ORGANISATION}/invitations",
        settings_people.invite,
        "Invite somebody",
        "invitation.create",
        role=OWNER,
        scope="organisation",
    ),
    form(
        f"{_ORGANISATION}/invitations/{{invitation_id}}/withdraw",
        settings_people.withdraw,
        "Withdraw an invitation",
        "invitation.withdraw",
        role=OWNER,
        scope="organisation",
    ),
    form(
        f"{_ORGANISATION}/members/{{person_id}}/role",
        settings_people.put_role,
        "Give a role",
        "member.put",
        role=OWNER,
        scope="organisation",
    ),
    form(
        f"{_ORGANISATION}/members/{{person_id}}/remove",
        settings_people.remove_role,
        "Take a role away",
        "member.remove",
        role=OWNER,
        scope="organisation",
    ),
    page(f"{_ORGANISATION}/groups", settings_groups.groups_page, "Groups", scope="organisation"),
    form(
        f"{_ORGANISATION}/groups",
        settings_groups.add_group,
        "Make a group",
        "group.add",
        role=OWNER,
        scope="organisation",
    ),
    form(
        f"{_ORGANISATION}/rename",
        settings_groups.rename_organisation,
        "Rename an organisation",
        "organisation.rename",
        role=OWNER,
        scope="organisation",
    ),
    form(
        "/settings/groups/{group_id}/rename",
        settings_groups.rename_group,
        "Rename a group",
        "group.rename",
        role=OWNER,
        scope="group",
    ),
    form(
        "/settings/groups/{group_id}/remove",
        settings_groups.remove_group,
        "Remove a group",
        "group.remove",
        role=OWNER,
        scope="group",
    ),
    page(
        "/settings/groups/{group_id}/alerts",
        settings_alerts.thresholds_page,
        "When a group's devices need a look",
        role=OWNER,
        scope="group",
    ),
    form(
        "/settings/groups/{group_id}/alerts",
        settings_alerts.keep,
        "Say when a group's devices need a look",
        "group.alerts",
        role=OWNER,
        scope="group",
    ),
    page(f"{_ORGANISATION}/audit", settings_audit.audit_page, "The audit log", role=OWNER, scope="organisation"),
]

_OF_HUB: Final[list[Route[Role]]] = [
    page("/settings/accounts", settings_accounts.accounts_page, "Accounts", scope=ADMINISTRATION),
    page("/settings/accounts/audit", settings_audit.hub_audit_page, "The hub's audit log", scope=ADMINISTRATION),
    form(
        "/settings/organisations",
        settings_accounts.add_organisation,
        "Make an organisation",
        "organisation.add",
        role=OWNER,
        scope=ADMINISTRATION,
    ),
    form(
        "/settings/accounts/{person_id}/administrator",
        settings_accounts.set_administrator,
        "Let somebody run the hub",
        "person.change",
        role=OWNER,
        scope=ADMINISTRATION,
    ),
    form(
        "/settings/accounts/{person_id}/password",
        settings_accounts.set_password,
        "Set a password",
        "person.change",
        role=OWNER,
        scope=ADMINISTRATION,
    ),
    form(
        "/settings/accounts/{person_id}/remove",
        settings_accounts.remove_person,
        "Remove an account",
        "person.remove",
        role=OWNER,
        scope=ADMINISTRATION,
    ),
]

SETTINGS_PAGES: Final[list[Route[Role]]] = [*_OWN, *_OF_ORGANISATION, *_OF_HUB]
