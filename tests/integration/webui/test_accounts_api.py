from __future__ import annotations

from gateway.accounts.types import Role
from tests.integration.webui.rig import PASSWORD, Rig


async def test_setup_makes_the_device_mine_once(fresh: Rig) -> None:
    setup = {"code": "0000-0000", "username": "anna", "password": PASSWORD}
    assert (await fresh.call("POST", "/api/setup", role=None, json=setup)).code == "setup_code_wrong"
    setup["code"] = fresh.setup_code.lower()
    answered = await fresh.call("POST", "/api/setup", role=None, json=setup)
    assert answered.status == 201
    assert answered.json["user"]["role"] == "admin"
    assert answered.json["token_type"] == "bearer"
    assert (await fresh.call("POST", "/api/setup", role=None, json=setup)).code == "setup_done"
    me = await fresh.call(
        "GET", "/api/auth/me", role=None, headers={"Authorization": f"Bearer {answered.json['access_token']}"}
    )
    assert me.json["user"]["name"] == "anna"


async def test_login_gives_a_cookie_that_scripts_and_other_sites_do_not_see(rig: Rig) -> None:
    answered = await rig.call("POST", "/api/auth/login", role=None, json={"username": "admin", "password": PASSWORD})
    assert answered.status == 200
    cookie = answered.headers["Set-Cookie"]
    assert cookie.startswith(f"hutch_session={answered.json['access_token']};")
    assert all(part in cookie for part in ("HttpOnly", "SameSite=Strict", "Path=/"))
    headers = {"Cookie": cookie.split(";")[0]}
    me = await rig.call("GET", "/api/auth/me", role=None, headers=headers)
    assert me.json["csrf_token"] == answered.json["csrf_token"]


async def test_logout_ends_the_login(rig: Rig) -> None:
    answered = await rig.call("POST", "/api/auth/logout", role=None, headers=rig.cookie())
    assert answered.status == 204
    assert "hutch_session=" in answered.headers["Set-Cookie"]
    assert (await rig.call("GET", "/api/auth/me")).code == "not_logged_in"


async def test_guessing_passwords_is_slowed_down(rig: Rig) -> None:
    login = {"username": "admin", "password": "wrong"}
    codes = [(await rig.call("POST", "/api/auth/login", role=None, json=login)) for _ in range(7)]
    assert [answered.code for answered in codes[:5]] == ["login_failed"] * 5
    limited = codes[-1]
    assert (limited.status, limited.code) == (429, "rate_limited")
    assert int(limited.headers["Retry-After"]) == limited.json["error"]["details"]["retry_after"] >= 1
    rig.guess_clock.seconds += int(limited.headers["Retry-After"])
    right = await rig.call("POST", "/api/auth/login", role=None, json={**login, "password": PASSWORD})
    assert right.status == 200


async def test_failed_logins_are_in_the_audit_log_without_what_was_typed(rig: Rig) -> None:
    for name in ("viewer", PASSWORD):
        await rig.call("POST", "/api/auth/login", role=None, json={"username": name, "password": "hunter2-wrong"})
    entries = await rig.device.audit.entries(action="login", limit=10)
    assert [(entry.who, entry.target, entry.result) for entry in entries] == [
        ("nobody", "unknown name", "login_failed"),
        ("nobody", "viewer", "login_failed"),
    ]
    assert "hunter2" not in str(entries)


async def test_wrong_fields_are_named_and_never_repeated(rig: Rig) -> None:
    answered = await rig.call("POST", "/api/auth/login", role=None, json={"password": ["s3cret-value"]})
    assert (answered.status, answered.code) == (400, "invalid_request")
    assert {item["field"] for item in answered.json["error"]["details"]["fields"]} == {"username", "password"}
    assert b"s3cret" not in answered.body


async def test_bodies_that_are_no_json(rig: Rig) -> None:
    text = {"Content-Type": "text/plain"}
    json_type = {"Content-Type": "application/json"}
    for headers, body in ((text, b"{}"), (json_type, b"{"), (json_type, b"\xff"), (json_type, b"[" * 5000)):
        answered = await rig.call("POST", "/api/auth/login", role=None, headers=headers, data=body)
        assert (answered.status, answered.code) == (400, "invalid_request"), body[:10]


async def test_people_are_added_changed_and_removed(rig: Rig) -> None:
    person = {"username": "otto", "password": PASSWORD, "role": "viewer"}
    added = await rig.call("POST", "/api/people", json=person)
    assert (added.status, added.json["role"]) == (201, "viewer")
    assert (await rig.call("POST", "/api/people", json=person)).code == "name_taken"
    path = f"/api/people/{added.json['id']}"
    assert (await rig.call("PATCH", path, json={"role": "operator"})).json["role"] == "operator"
    assert (await rig.call("PATCH", path, json={})).code == "invalid_request"
    assert (await rig.call("DELETE", path)).status == 204
    assert (await rig.call("DELETE", path)).code == "not_found"
    names = [one["name"] for one in (await rig.call("GET", "/api/people")).json["people"]]
    assert sorted(names) == ["admin", "operator", "viewer"]


async def test_the_last_admin_stays(rig: Rig) -> None:
    me = (await rig.call("GET", "/api/auth/me")).json["user"]["id"]
    assert (await rig.call("PATCH", f"/api/people/{me}", json={"role": "viewer"})).code == "conflict"
    assert (await rig.call("DELETE", f"/api/people/{me}")).code == "conflict"


async def test_tokens_are_listed_and_revoked_and_secrets_shown_once(rig: Rig) -> None:
    made = await rig.call("POST", "/api/tokens", role=Role.VIEWER, json={"label": "ci"})
    secret = {"Authorization": f"Bearer {made.json['secret']}"}
    assert (await rig.call("GET", "/api/auth/me", role=None, headers=secret)).json["user"]["name"] == "viewer"
    listed = await rig.call("GET", "/api/tokens", role=Role.VIEWER)
    assert {token["kind"] for token in listed.json["tokens"]} == {"login", "api"}
    assert made.json["secret"].encode() not in listed.body
    token_id = made.json["token"]["id"]
    assert (await rig.call("DELETE", f"/api/tokens/{token_id}", role=Role.OPERATOR)).code == "not_found"
    assert (await rig.call("DELETE", f"/api/tokens/{token_id}", role=Role.VIEWER)).status == 204
    assert (await rig.call("GET", "/api/auth/me", role=None, headers=secret)).code == "not_logged_in"


async def test_only_admins_see_and_revoke_the_tokens_of_others(rig: Rig) -> None:
    assert (await rig.call("GET", "/api/tokens?everyone=true", role=Role.OPERATOR)).code == "forbidden"
    everyone = (await rig.call("GET", "/api/tokens?everyone=true")).json["tokens"]
    theirs = next(token for token in everyone if token["person_name"] == "viewer")
    assert (await rig.call("DELETE", f"/api/tokens/{theirs['id']}")).status == 204
    assert (await rig.call("GET", "/api/auth/me", role=Role.VIEWER)).code == "not_logged_in"


async def test_changes_are_in_the_audit_log_with_who_and_from_where(rig: Rig) -> None:
    await rig.call("POST", "/api/people", json={"username": "otto", "password": PASSWORD, "role": "viewer"})
    await rig.call("POST", "/api/people", role=Role.OPERATOR, json={})
    entries = await rig.device.audit.entries(action="person.add", limit=2)
    assert [(entry.who, entry.source, entry.result) for entry in entries] == [
        ("operator", "127.0.0.1", "forbidden"),
        ("admin", "127.0.0.1", "ok"),
    ]
    assert entries[1].target == "otto"
    assert PASSWORD not in str(entries)
