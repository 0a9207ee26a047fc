"""The parts of the benches that decide what is shown; the measurements themselves are no tests."""

from __future__ import annotations

from bench.results import Results, Row, as_table, targets
from bench.spread import Spread
from bench.viewer import LAST_LINES, shows_the_end


def test_spread_is_nearest_rank() -> None:
    spread = Spread.of([float(number) for number in range(100, 0, -1)])
    assert (spread.p50, spread.p99, spread.count) == (50.0, 99.0, 100)
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 1)


def test_last_screen_is_told_from_one_with_a_line_missing() -> None:
    whole = "\r\n".join(["1999000", *LAST_LINES, "$ "])
    assert shows_the_end(whole)
    assert shows_the_end(whole.replace("2000000", "\x1b[1m2000000\x1b[0m"))
    assert not shows_the_end(whole.replace("1999995\r\n", ""))
    assert not shows_the_end(whole.replace("END_X", ""))


def results() -> Results:
    floor = Row("aiohttp + PTY", survives=False, echo=Spread(1.0, 2.0, 300), flood_seconds=1.0, flood_complete=True)
    hutch = Row("hutch", survives=True, echo=Spread(1.2, 4.0, 300), flood_seconds=1.4, flood_complete=False)
    return Results([floor, hutch], machine={"at": "then"})


def test_targets_say_what_is_met_missed_and_not_measured() -> None:
    verdicts = {target.title: target.verdict for target in targets(results())}
    assert verdicts["key to echo p50, times aiohttp over its own PTY"] == "met"
    assert verdicts["key to echo p99, times our p50"] == "MISSED"
    assert verdicts["bytes lost by a fast viewer (1 = some)"] == "MISSED"
    assert verdicts["daemon with 5 idle sessions, tmux included"] == "not measured"


def test_table_shows_why_a_peer_was_not_measured() -> None:
    found = results()
    found.rows.append(Row("ttyd", survives=False, note="not installed here"))
    assert "not measured: not installed here" in as_table(found)
