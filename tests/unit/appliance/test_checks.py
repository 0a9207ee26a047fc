from __future__ import annotations

import threading
from pathlib import Path

from appliance.checks import CHECKS, checks_for
from appliance.checks.page import address_of
from appliance.checks.running import run_checks
from appliance.checks.types import Check, Finding, Use, Verdict
from appliance.checks.units import judge
from appliance.cli.doctor import verdict_of
from appliance.config import Settings
from appliance.layout import Layout
from foundation.settings import Listen

_BOOT = frozenset({Use.BOOT})


def _run(tmp_path: Path, *checks: Check, deadline: float = 10.0) -> list[Finding]:
    settings = Settings(data=tmp_path)
    return [ran.finding for ran in run_checks(checks, settings, Layout.of(settings), deadline=deadline)]


def _fine(_settings: Settings, _layout: Layout) -> Finding:
    return Finding(Verdict.OK, "fine")


def test_a_check_that_hangs_fails_and_the_next_has_its_turn(tmp_path: Path) -> None:
    release = threading.Event()

    def hang(_settings: Settings, _layout: Layout) -> Finding:
        release.wait()
        return Finding(Verdict.OK, "too late")

    settings = Settings(data=tmp_path)
    hung, after = run_checks(
        [Check("hangs", hang, _BOOT, seconds=0.05), Check("next", _fine, _BOOT)], settings, Layout.of(settings)
    )
    release.set()
    assert (hung.finding.verdict, hung.hung) == (Verdict.FAIL, True)
    assert "did not answer within" in hung.finding.text
    assert (after.finding.verdict, after.hung) == (Verdict.OK, False)


def test_a_check_that_breaks_is_a_finding(tmp_path: Path) -> None:
    def broken(_settings: Settings, _layout: Layout) -> Finding:
        raise ZeroDivisionError("no")

    (finding,) = _run(tmp_path, Check("broken", broken, _BOOT))
    assert finding == Finding(Verdict.FAIL, "The check itself failed: ZeroDivisionError: no")


def test_no_time_left_is_a_failure_and_not_a_pass(tmp_path: Path) -> None:
    (finding,) = _run(tmp_path, Check("late", _fine, _BOOT), deadline=0)
    assert finding.verdict is Verdict.FAIL


def test_a_warning_is_no_failure_of_a_start_and_a_failure_is(tmp_path: Path) -> None:
    def warn(_settings: Settings, _layout: Layout) -> Finding:
        return Finding(Verdict.WARN, "hm")

    def fail(_settings: Settings, _layout: Layout) -> Finding:
        return Finding(Verdict.FAIL, "It is broken.")

    settings = Settings(data=tmp_path)
    layout = Layout.of(settings)
    assert verdict_of(run_checks([Check("a", warn, _BOOT)], settings, layout)).ok
    verdict = verdict_of(run_checks([Check("a", warn, _BOOT), Check("page", fail, _BOOT)], settings, layout))
    assert not verdict.ok
    assert verdict.words() == "Page: It is broken."


def test_names_are_unique_in_each_use_and_everything_is_used() -> None:
    for use in Use:
        names = [check.name for check in checks_for(use)]
        assert len(names) == len(set(names))
    assert all(check.uses for check in CHECKS)
    assert {"units", "page", "store", "hub", "sessions", "disk space", "memory"} <= {
        check.name for check in checks_for(Use.BOOT)
    }


def test_all_boot_checks_together_fit_their_deadline() -> None:
    assert sum(check.seconds for check in checks_for(Use.BOOT)) < 600


def test_units_that_matter_fail_a_start_and_others_do_not() -> None:
    up = {"hutch.service": "active", "ssh.service": "active"}
    assert judge(up).verdict is Verdict.OK
    assert judge({**up, "hutch-agents.service": "failed"}).verdict is Verdict.FAIL
    assert judge({**up, "hutch.service": "activating"}).verdict is Verdict.FAIL
    warned = judge({**up, "apt-daily.service": "failed"})
    assert (warned.verdict, "apt-daily.service" in warned.text) == (Verdict.WARN, True)


def test_the_page_is_looked_for_where_it_is_reached() -> None:
    for host, address in {
        "0.0.0.0": "http://127.0.0.1:80",  # noqa: S104
        "::": "http://[::1]:80",
        "10.0.0.7": "http://10.0.0.7:80",
        "fe80::1": "http://[fe80::1]:80",
    }.items():
        assert address_of(Settings(listen=Listen(host=host, port=80))) == address
