"""The table of pages: every address a browser can open or send a form to."""

from __future__ import annotations

from typing import Final, Literal

from aiohttp import web

from foundation.bus import EventBus
from foundation.web.pages import docs, theme
from foundation.web.pages.events_place import placed
from foundation.web.pages.static import static
from foundation.web.routing import Handler, Route
from gateway.accounts.types import Role
from gateway.events.types import AnyEvent
from webui.context import device_of
from webui.pages import (
    app,
    conversation,
    conversations,
    files,
    first_run,
    home,
    login,
    new_conversation,
    new_session,
    session,
    settings,
    settings_about,
    settings_account,
    settings_agents,
    settings_audit,
    settings_care,
    settings_hub,
    settings_keys,
    settings_notifications,
    settings_people,
    settings_tokens,
    settings_updates,
    talks,
    usage,
    workers,
)

VIEWER, OPERATOR, ADMIN = Role.VIEWER, Role.OPERATOR, Role.ADMIN


def _bus_of(request: web.Request) -> EventBus[AnyEvent]:
    return device_of(request).bus


def _page(
    path: str, handler: Handler, role: Role | None, summary: str, *, csp: Literal["strict", "terminal"] = "strict"
) -> Route[Role]:
    return Route("GET", path, placed(handler, _bus_of), role, summary, kind="page", csp=csp)


def _form(path: str, handler: Handler, role: Role | None, summary: str, audit: str | None) -> Route[Role]:
    return Route("POST", path, handler, role, summary, audit=audit, kind="form", max_body=64 * 1024)


PAGE_ROUTES: Final[list[Route[Role]]] = [
    # In and out
    _page("/setup", first_run.setup_page, None, "Make a new device yours"),
    _form("/setup", first_run.complete_setup, None, "Make a new device yours", "device.setup"),
    _page("/login", login.login_page, None, "Log in"),
    _form("/login", login.log_in, None, "Log in", "auth.login"),
    _form("/logout", login.log_out, VIEWER, "Log out", "auth.logout"),
    _form("/theme", theme.choose_theme, None, "Choose light or dark", None),
    _page("/static/{name:.+}", static, None, "Scripts and styles"),
    _page("/manifest.webmanifest", app.manifest, None, "What a phone installs"),
    _page("/service-worker.js", app.service_worker, None, "The script that shows notifications"),
    # Home and sessions
    _page("/", home.home, VIEWER, "How the device is and what runs on it"),
    _page("/parts/health", home.health_part, VIEWER, "The health tiles alone"),
    _page("/parts/agents-notice", home.agents_notice_part, VIEWER, "What home says about the agents' account alone"),
    _page("/parts/sessions", home.sessions_part, VIEWER, "The list of sessions alone"),
    _page("/parts/talks", home.talks_part, VIEWER, "The conversations of the first page alone"),
    _page("/parts/hub", settings_hub.hub_part, VIEWER, "The state of the link to the hub alone"),
    _page("/parts/hub-link", settings_hub.hub_link_part, ADMIN, "The link to the hub with its claim code alone"),
    _page("/parts/agents", settings_agents.agents_part, VIEWER, "The agent CLIs alone"),
    _page("/parts/updates", settings_updates.updates_part, VIEWER, "How updates stand alone"),
    _page("/parts/update-notice", settings_updates.update_notice_part, VIEWER, "What home says about updates alone"),
    _page("/parts/files", files.files_part, VIEWER, "A folder alone"),
    _page("/sessions/new", new_session.new_session_page, OPERATOR, "Start a session"),
    _form("/sessions", new_session.start_session, OPERATOR, "Start a session", "session.create"),
    _page("/sessions/{session_id}", session.session_page, VIEWER, "A session's terminal", csp="terminal"),
    _form("/sessions/{session_id}/end", session.end_session, OPERATOR, "End a session", "session.end"),
    _form(
        "/sessions/{session_id}/forget", session.forget_session, OPERATOR, "Forget an ended session", "session.forget"
    ),
    _form("/sessions/{session_id}/rename", session.rename_session, OPERATOR, "Rename a session", "session.change"),
    _form("/sessions/{session_id}/returns", session.set_returns, OPERATOR, "Let a session return", "session.change"),
    # Conversations
    _page("/conversations", conversations.conversations_page, VIEWER, "Conversations, and a search over all of them"),
    _page("/parts/conversations", conversations.list_part, VIEWER, "The list of conversations alone"),
    _page(
        "/parts/conversations/side/{conversation_id}", conversations.side_part, VIEWER, "The list beside a conversation"
    ),
    _page("/conversations/new", new_conversation.new_conversation_page, OPERATOR, "Begin a conversation"),
    _form(
        "/conversations", new_conversation.start_conversation, OPERATOR, "Begin a conversation", "conversation.create"
    ),
    _page("/conversations/{conversation_id}", conversation.conversation_page, VIEWER, "A conversation"),
    _form(
        "/conversations/{conversation_id}/messages", talks.send_message, OPERATOR, "Send a message", "conversation.send"
    ),
    _form("/conversations/{conversation_id}/stop", talks.stop, OPERATOR, "Stop the turn", "conversation.cancel"),
    _form("/conversations/{conversation_id}/retry", talks.retry, OPERATOR, "Try a turn again", "conversation.retry"),
    _form("/conversations/{conversation_id}/rename", talks.rename, OPERATOR, "Rename", "conversation.change"),
    _form(
        "/conversations/{conversation_id}/manner",
        talks.change_manner,
        OPERATOR,
        "Permission and model",
        "conversation.change",
    ),
    _form("/conversations/{conversation_id}/archive", talks.archive, OPERATOR, "Archive", "conversation.change"),
    _form("/conversations/{conversation_id}/remove", talks.remove, OPERATOR, "Delete", "conversation.remove"),
    _form(
        "/conversations/{conversation_id}/terminal",
        talks.open_terminal,
        OPERATOR,
        "A shell in its folder",
        "session.create",
    ),
    _form("/permissions/{permission_id}", talks.answer, OPERATOR, "Answer an agent", "permission.answer"),
    _page("/workers", workers.workers_page, VIEWER, "Configured workers"),
    _page("/workers/new", workers.new_worker_page, OPERATOR, "Configure a worker"),
    _form("/workers", workers.add_worker, OPERATOR, "Configure a worker", "worker.create"),
    _page("/workers/{worker_id}", workers.worker_page, OPERATOR, "A worker"),
    _form("/workers/{worker_id}", workers.change_worker, OPERATOR, "Change a worker", "worker.change"),
    _form("/workers/{worker_id}/remove", workers.remove_worker, OPERATOR, "Remove a worker", "worker.remove"),
    _page("/usage", usage.usage_page, VIEWER, "What agents used"),
    # Files
    _page("/files", files.files_page, VIEWER, "Browse the workspace"),
    _form("/files/folder", files.make_folder, OPERATOR, "Make a folder", "file.folder"),
    _form("/files/move", files.move_file, OPERATOR, "Rename or move a file", "file.move"),
    _form("/files/remove", files.remove_file, OPERATOR, "Delete a file or folder", "file.remove"),
    # Settings
    _page("/settings", settings.settings_page, VIEWER, "Settings"),
    _page("/settings/account", settings_account.account_page, VIEWER, "One's own account"),
    _form(
        "/settings/account/password",
        settings_account.change_own_password,
        VIEWER,
        "Change one's password",
        "person.password",
    ),
    _page("/settings/people", settings_people.people_page, ADMIN, "People"),
    _form("/settings/people", settings_people.add_person, ADMIN, "Add a person", "person.add"),
    _form("/settings/people/{person_id}/role", settings_people.change_role, ADMIN, "Change a role", "person.role"),
    _form(
        "/settings/people/{person_id}/password",
        settings_people.set_password,
        ADMIN,
        "Set a password",
        "person.password",
    ),
    _form(
        "/settings/people/{person_id}/remove", settings_people.remove_person, ADMIN, "Remove a person", "person.remove"
    ),
    _page("/settings/tokens", settings_tokens.tokens_page, VIEWER, "Tokens"),
    _form("/settings/tokens", settings_tokens.create_token, VIEWER, "Create a token", "token.create"),
    _form("/settings/tokens/{token_id}/revoke", settings_tokens.revoke_token, VIEWER, "Revoke a token", "token.revoke"),
    _page("/settings/agents", settings_agents.agents_page, VIEWER, "Agent CLIs"),
    _form(
        "/settings/agents/{name}/install", settings_agents.install_agent, OPERATOR, "Install an agent", "agent.install"
    ),
    _form("/settings/agents/{name}/remove", settings_agents.remove_agent, OPERATOR, "Remove an agent", "agent.remove"),
    _form("/settings/agents/{name}/login", settings_agents.begin_login, OPERATOR, "Log an agent in", "agent.login"),
    _form(
        "/settings/agents/{name}/login/code",
        settings_agents.enter_code,
        OPERATOR,
        "Enter the code of a login",
        "agent.login_code",
    ),
    _form("/settings/agents/keys", settings_agents.keep_key, ADMIN, "Keep an agent's API key", "agent.key"),
    _form(
        "/settings/agents/{name}/key/remove",
        settings_agents.forget_key,
        ADMIN,
        "Forget an agent's API key",
        "agent.key_removed",
    ),
    _page("/settings/notifications", settings_notifications.notifications_page, VIEWER, "Notifications"),
    _form(
        "/settings/notifications",
        settings_notifications.save_wishes,
        ADMIN,
        "Say what is told, and when",
        "notification.wishes",
    ),
    _form(
        "/settings/notifications/targets",
        settings_notifications.add_target,
        ADMIN,
        "Tell an address, too",
        "notification.target",
    ),
    _form(
        "/settings/notifications/targets/{target_id}/test",
        settings_notifications.test_target,
        ADMIN,
        "Tell an address something now",
        "notification.test",
    ),
    _form(
        "/settings/notifications/targets/{target_id}/remove",
        settings_notifications.remove_target,
        ADMIN,
        "Do not tell an address any more",
        "notification.target",
    ),
    _form(
        "/settings/notifications/browsers/{browser_id}/test",
        settings_notifications.test_browser,
        VIEWER,
        "Tell a browser something now",
        "notification.test",
    ),
    _form(
        "/settings/notifications/browsers/{browser_id}/remove",
        settings_notifications.remove_browser,
        VIEWER,
        "Do not tell a browser any more",
        "notification.browser",
    ),
    _page("/settings/keys", settings_keys.keys_page, ADMIN, "SSH keys"),
    _form("/settings/keys", settings_keys.add_key, ADMIN, "Add an SSH key", "ssh.authorize"),
    _form("/settings/keys/revoke", settings_keys.revoke_key, ADMIN, "Remove an SSH key", "ssh.revoke"),
    _page("/settings/hub", settings_hub.hub_page, ADMIN, "The hub"),
    _form("/settings/hub", settings_hub.save_hub, ADMIN, "Connect a hub", "hub.configure"),
    _form("/settings/hub/policy", settings_hub.save_policy, ADMIN, "Say what the hub may do", "hub.policy"),
    _form("/settings/hub/rotate", settings_hub.rotate_key, ADMIN, "Change the key shown to the hub", "hub.rotate_key"),
    _form("/settings/hub/remove", settings_hub.remove_hub, ADMIN, "Leave the hub", "hub.remove"),
    _page("/settings/updates", settings_updates.updates_page, VIEWER, "Updates"),
    _form("/settings/updates/check", settings_updates.check_channel, ADMIN, "Look for an update", "update.check"),
    _form("/settings/updates/install", settings_updates.install_offered, ADMIN, "Install an update", "update.install"),
    _form("/settings/updates/medium", settings_updates.install_medium, ADMIN, "Install from a stick", "update.install"),
    _form("/settings/updates/restart", settings_updates.restart, ADMIN, "Restart for an update", "update.restart"),
    _form(
        "/settings/updates/preferences",
        settings_updates.save_preferences,
        ADMIN,
        "Say what is updated by itself",
        "update.preferences",
    ),
    _page("/settings/care", settings_care.care_page, ADMIN, "Backup, restore, factory reset, support bundle"),
    _page("/parts/care", settings_care.care_part, ADMIN, "How a backup or a restore stands alone"),
    _form("/settings/care/backup", settings_care.make_backup, ADMIN, "Make a backup", "care.backup"),
    _form("/settings/care/backup/forget", settings_care.forget_backup, ADMIN, "Remove a backup", "care.backup_remove"),
    _form("/settings/care/restore", settings_care.restore, ADMIN, "Restore a backup", "care.restore"),
    _form("/settings/care/restore/forget", settings_care.give_up, ADMIN, "Give a restore up", "care.restore_cancel"),
    _form("/settings/care/reset", settings_care.reset, ADMIN, "Factory reset", "care.reset"),
    _page("/settings/audit", settings_audit.audit_page, ADMIN, "The audit log"),
    _page("/settings/about", settings_about.about_page, VIEWER, "About this device"),
    # The reference
    _page("/docs", docs.docs_page, VIEWER, "The API reference"),
]
