"""One full message of each type, as it stands on the wire, and what may not stand there."""

from __future__ import annotations

import copy

from pydantic import JsonValue

Json = dict[str, JsonValue]

KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
SIGNATURE = "AAAA" * 21 + "AA=="

COMMANDS: dict[str, Json] = {
    "session.create": {
        "session_id": "s1",
        "name": "api",
        "workdir": "projects/api",
        "agent": "codex",
        "agent_config": {"claude_md": "be kind", "agents_md": "be brief"},
        "env": {"LANG": "C.UTF-8"},
    },
    "session.input": {"session_id": "s1", "data": "bHMKAP8="},
    "session.resize": {"session_id": "s1", "cols": 120, "rows": 40},
    "session.end": {"session_id": "s1"},
    "session.ack": {"session_id": "s1", "seq": 41},
    "session.snapshot": {"session_id": "s1"},
    "ssh.authorize": {"public_key": "ssh-ed25519 AAAA me", "label": "laptop", "expires_at": "2027-01-01T00:00:00Z"},
    "ssh.revoke": {"fingerprint": "SHA256:abc"},
    "ssh.list": {},
    "file.upload.begin": {"transfer_id": "t1", "dest_path": "a/b.txt", "size": 5, "total_chunks": 1},
    "file.upload.chunk": {"transfer_id": "t1", "seq": 0, "data": "aGVsbG8="},
    "file.upload.end": {"transfer_id": "t1"},
    "file.download": {"transfer_id": "t1", "path": "a/b.txt"},
    "file.cancel": {"transfer_id": "t1"},
    "agents.install": {"agent": "gemini"},
    "agents.list": {},
    "workspace.list": {},
    "gateway.update": {"url": "https://hub.example/hutch.raucb", "sha256": "0f" * 32, "version": "1.2.3"},
    "key.rotate": {},
}

EVENTS: dict[str, Json] = {
    "ack": {"request_id": "r1", "ok": False, "error": "There is no such session."},
    "gateway.hello": {
        "gateway_id": "gw-1",
        "version": "0.1.0",
        "hostname": "hutch",
        "bootstrap_token": "once",
        "system_info": {"os": "Linux", "arch": "aarch64", "cpus": 4, "ram_total_bytes": 8, "disk_total_bytes": 64},
        "features": ["streams/1", "policy/1"],
        "model": "Raspberry Pi 5 Model B Rev 1.0",
        "allows": ["health", "terminals"],
        "rollback": {"version": "1.2.3", "reason": "The web did not answer.", "at": "2026-11-21T08:00:00Z"},
    },
    "gateway.health": {
        "gateway_id": "gw-1",
        "timestamp": "2026-11-21T08:30:00.250000Z",
        "cpu_percent": 12.5,
        "ram_used_bytes": 1,
        "ram_total_bytes": 2,
        "disk_used_bytes": 3,
        "disk_total_bytes": 4,
        "uptime_seconds": 5,
        "active_sessions": [
            {
                "session_id": "s1",
                "last_activity_at": "2026-11-21T08:29:00Z",
                "name": "api",
                "agent": "codex",
                "status": "waiting",
                "title": "May I?",
                "workdir": "projects/api",
            }
        ],
        "temperature_celsius": 54.5,
        "throttled": False,
    },
    "session.started": {"request_id": "r1", "session_id": "s1", "pid": 4711},
    "session.ended": {"session_id": "s1", "exit_code": 0},
    "session.error": {"session_id": "s1", "error": "The terminal is gone."},
    "session.snapshot": {
        "request_id": "r1",
        "session_id": "s1",
        "content": "\x1b[1m$ \x1b[0m\r\nñ",
        "cols": 80,
        "rows": 24,
        "cursor_x": 2,
        "cursor_y": 0,
        "cursor_visible": True,
        "alternate_on": False,
        "seq": 7,
        "scrollback": 1,
        "modes": "\x1b[?2004h",
        "title": "bash",
    },
    "ssh.keys": {
        "request_id": "r1",
        "keys": [
            {
                "fingerprint": "SHA256:abc",
                "label": "laptop",
                "algorithm": "ssh-ed25519",
                "added_at": "2026-11-21T08:30:00Z",
                "expires_at": "2027-01-01T00:00:00Z",
            }
        ],
    },
    "file.content.begin": {"transfer_id": "t1", "path": "a/b.txt", "size": 5, "total_chunks": 1},
    "file.content.chunk": {"transfer_id": "t1", "seq": 0, "data": "aGVsbG8="},
    "file.content.end": {"transfer_id": "t1"},
    "agent.installed": {"request_id": "r1", "agent": "gemini", "version": "0.9.0"},
    "agents.status": {
        "request_id": "r1",
        "agents": [{"agent": "codex", "binary": "codex", "installed": True, "version": "0.50.0"}],
    },
    "workspace.folders": {"request_id": "r1", "folders": ["projects", "projects/api"]},
    "gateway.updated": {"request_id": "r1", "version": "1.2.3"},
    "gateway.update_failed": {"request_id": "r1", "error": "The signature is not valid."},
    "gateway.proof": {
        "public_key": KEY,
        "time": "2026-11-21T08:30:00Z",
        "signature": SIGNATURE,
        "enrolment_token": "hutch_batch_once",
        "hostname": "hutch",
        "version": "0.1.0",
    },
    "gateway.policy": {"allows": ["health"]},
    "session.changed": {
        "session": {"session_id": "s1", "last_activity_at": "2026-11-21T08:29:00Z", "status": "idle"},
    },
    "key.rotated": {
        "request_id": "r1",
        "public_key": KEY,
        "signed_by_old": SIGNATURE,
        "signed_by_new": SIGNATURE,
    },
}

NOTICES: dict[str, Json] = {
    "gateway.challenge": {"nonce": KEY, "hub": "hub.example:8443", "time": "2026-11-21T08:30:00Z"},
    "gateway.unclaimed": {
        "claim_code": "7KQ2-9XWM-T",
        "claim_url": "https://hub.example/claim",
        "expires_at": "2026-11-21T08:40:00Z",
        "fingerprint": "SHA256:abc",
    },
    "gateway.welcome": {"hub_key": KEY, "name": "kitchen", "organisation": "Home"},
    "gateway.key_accepted": {"public_key": KEY},
}

STREAMS: dict[str, Json] = {
    "stream.open": {"stream_id": "w1", "target": "web"},
    "stream.window": {"stream_id": "w1", "bytes": 65536},
    "stream.end": {"stream_id": "w1"},
    "stream.close": {"stream_id": "w1", "code": "unavailable", "error": "The web does not answer."},
}

BAD_FIELDS: list[tuple[str, str, JsonValue]] = [
    ("session.create", "session_id", ""),
    ("session.create", "session_id", "../etc"),
    ("session.create", "session_id", "s1\n"),
    ("session.create", "session_id", "s" * 65),
    ("session.create", "name", ""),
    ("session.create", "name", "two\nlines"),
    ("session.create", "workdir", "a\x00b"),
    ("session.create", "workdir", "x" * 4097),
    ("session.create", "agent", "vim"),
    ("session.create", "agent_config", "CLAUDE.md"),
    ("session.create", "env", {"not a name": "x"}),
    ("session.create", "env", {"A": "x\x00y"}),
    ("session.create", "env", {f"A{n}": "" for n in range(257)}),
    ("session.input", "data", "not base64!"),
    ("session.input", "data", "aGk"),
    ("session.input", "data", "aGk_"),
    ("session.input", "data", [104]),
    ("session.resize", "cols", 0),
    ("session.resize", "rows", -1),
    ("session.resize", "cols", 1001),
    ("session.resize", "rows", 10**30),
    ("session.resize", "cols", "80"),
    ("session.resize", "cols", True),
    ("session.resize", "cols", 80.5),
    ("session.ack", "seq", -1),
    ("session.ack", "seq", 2**53),
    ("session.ack", "request_id", ""),
    ("session.ack", "request_id", 'a"b'),
    ("session.ack", "request_id", 7),
    ("session.ack", "schema_version", "2"),
    ("session.ack", "schema_version", 1),
    ("ssh.authorize", "public_key", "ssh-ed25519 AAAA\nssh-rsa BBBB"),
    ("ssh.authorize", "label", "a\nb"),
    ("ssh.authorize", "expires_at", "tomorrow"),
    ("ssh.authorize", "expires_at", "2027-01-01T00:00:00"),
    ("ssh.authorize", "expires_at", "2027-02-30T00:00:00Z"),
    ("ssh.authorize", "expires_at", "0001-01-01T00:00:00+23:00"),
    ("ssh.authorize", "expires_at", 1800000000),
    ("file.upload.begin", "size", -1),
    ("file.upload.begin", "size", 20 * 1024 * 1024 + 1),
    ("file.upload.begin", "total_chunks", -1),
    ("file.upload.begin", "dest_path", ""),
    ("file.upload.chunk", "seq", -1),
    ("file.upload.chunk", "data", "AAAA" * (128 * 1024 // 3 + 1)),
    ("agents.install", "agent", "none"),
    ("gateway.update", "sha256", "0f" * 31),
    ("gateway.update", "sha256", "zz" * 32),
    ("gateway.update", "url", "file:///etc/passwd"),
]
"""Commands with one field that may not be so."""

BAD_EVENT_FIELDS: list[tuple[str, str, JsonValue]] = [
    ("ack", "ok", "yes"),
    ("gateway.hello", "gateway_id", "gw 1"),
    ("gateway.hello", "system_info", {"os": "Linux", "arch": "x", "cpus": 0, "ram_total_bytes": 1}),
    ("gateway.health", "cpu_percent", 101),
    ("gateway.health", "cpu_percent", -0.1),
    ("gateway.health", "ram_used_bytes", -1),
    ("gateway.health", "timestamp", "2026-11-21"),
    ("gateway.health", "uptime_seconds", -1.5),
    ("gateway.health", "active_sessions", [{"session_id": "s1"}]),
    ("session.started", "pid", -1),
    ("session.snapshot", "cursor_x", -1),
    ("session.snapshot", "content", None),
    ("session.snapshot", "seq", -1),
    ("file.content.chunk", "data", "%%%%"),
    ("workspace.folders", "folders", "projects"),
    ("gateway.proof", "public_key", "AAAA"),
    ("gateway.proof", "signature", KEY),
    ("gateway.proof", "enrolment_token", "x" * 4097),
    ("gateway.policy", "allows", "health"),
    ("gateway.policy", "allows", ["health"] * 8),
    ("gateway.hello", "rollback", {"version": "1"}),
    ("gateway.hello", "features", ["x"] * 65),
    ("gateway.health", "temperature_celsius", 201),
    ("session.changed", "session", {"session_id": "s1", "last_activity_at": "2026-11-21T08:29:00Z", "status": "lost"}),
    ("key.rotated", "signed_by_new", KEY),
]

BAD_NOTICE_FIELDS: list[tuple[str, str, JsonValue]] = [
    ("gateway.challenge", "nonce", "AAAA"),
    ("gateway.challenge", "hub", "https://hub.example/"),
    ("gateway.unclaimed", "claim_code", "7KQ2-9XWM"),
    ("gateway.unclaimed", "claim_code", "7KQ2-9XWM-U"),
    ("gateway.unclaimed", "claim_url", "javascript:alert(1)"),
    ("gateway.welcome", "hub_key", KEY[:-5] + "="),
    ("stream.open", "target", "ssh"),
    ("stream.open", "stream_id", "../x"),
    ("stream.window", "bytes", -1),
    ("stream.close", "code", "no such code"),
]


def message(kind: str, fields: Json, *, request_id: str | None = None) -> Json:
    """A whole message; commands get a request_id."""
    made: Json = {"type": kind, "schema_version": "1", **copy.deepcopy(fields)}
    return made if request_id is None else {**made, "request_id": request_id}


def command(kind: str, request_id: str = "r1") -> Json:
    """The example of a command."""
    return message(kind, COMMANDS[kind], request_id=request_id)


def event(kind: str) -> Json:
    """The example of an event."""
    return message(kind, EVENTS[kind])


def notice(kind: str) -> Json:
    """The example of a notice."""
    return message(kind, NOTICES[kind])


def stream(kind: str) -> Json:
    """The example of a stream's message."""
    return message(kind, STREAMS[kind])
