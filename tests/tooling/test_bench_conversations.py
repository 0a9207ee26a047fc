"""The parts of the conversations' bench that decide what is shown."""

from __future__ import annotations

from bench.conversations.opencode_api import Asked
from bench.conversations.results import Found, as_page, targets
from bench.conversations.rig import WordClock, numbered
from bench.conversations.search import Searched
from bench.conversations.talk import Pair, Talked
from bench.spread import Spread


def test_words_are_heard_in_whatever_pieces_they_come() -> None:
    clock = WordClock()
    for piece in ("A warning.\n\nw0 w", "1 w2", " ", "w3"):
        clock.hear(piece)
    assert sorted(clock.at) == [0, 1, 2]
    clock.hear(" ")
    assert sorted(clock.at) == [0, 1, 2, 3]
    assert "".join(numbered(3)) == "w0 w1 w2 "


def test_first_time_of_a_word_counts() -> None:
    clock = WordClock()
    clock.hear("w0 ")
    first = clock.at[0]
    clock.hear(" w0 ")
    assert clock.at == {0: first}


def found() -> Found:
    fast = Talked("codex", Spread(2.0, 5.0, 150), Spread(1.5, 4.0, 150), Pair(1010.0, 1000.0), Pair(90.0, 60.0))
    slow = Talked("gemini", Spread(21.0, 50.0, 150), Spread(20.0, 44.0, 150), Pair(1050.0, 1000.0), Pair(65.0, 20.0))
    return Found(talked=[fast, slow], searched=Searched(1.0, 3.0, 5.0), machine={"at": "then"})


def test_worst_cli_is_held_against_the_promise() -> None:
    verdicts = {target.title.split(",")[0]: (target.value, target.verdict) for target in targets(found())}
    assert verdicts["delta from the model to the browser"] == (21.0, "MISSED")
    value, verdict = verdicts["turn through Hutch"]
    assert (round(value or 0, 6), verdict) == (5.0, "met")
    assert verdicts["search over 10"] == (3.0, "MISSED")
    assert verdicts["daemon's memory for an idle conversation"] == (None, "not measured")


def test_page_has_a_row_for_every_cli_and_server() -> None:
    one = found()
    one.asked.append(Asked("hutch", 3.0, 2.0, 900.0, 80.0, 120.0))
    one.notes.append("Not measured (idle): it did not start")
    page = as_page(one)
    assert "| codex | 2.0 | 5.0 | 1.5 | 4.0 | 1010.0 | 1000.0 | 1.0 | 90.0 | 60.0 |" in page
    assert "| hutch | 3.0 | 2.0 | 900.0 | 80.0 | 120.0 |" in page
    assert "Not measured (idle): it did not start" in page
