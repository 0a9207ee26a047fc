"""Numbers and times in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from foundation.web.pages import words

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KB"),
        (10 * 1024, "10 KB"),
        (3 * 1024**3 // 2, "1.5 GB"),
        (5 * 1024**5, "5120 TB"),
    ],
)
def test_sizes(count: int, said: str) -> None:
    assert words.size(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(-5, "less than a minute"), (59, "less than a minute"), (61, "1 min"), (3700, "1 h 1 min"), (90_000, "1 d 1 h")],
)
def test_durations(seconds: int, said: str) -> None:
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3, "just now"),
        (44, "just now"),
        (50, "50 s ago"),
        (60, "1 min ago"),
        (7300, "2 h ago"),
        (86_400 * 3, "3 d ago"),
    ],
)
def test_since(seconds: int, said: str) -> None:
    assert words.since(NOW - timedelta(seconds=seconds), NOW) == said


def test_long_ago_is_a_date() -> None:
    assert words.since(NOW - timedelta(days=60), NOW) == "22 Sep 2026"


def test_paths_break_after_slashes_and_are_escaped() -> None:
    assert words.breakable("/a/<b>") == "/<wbr>a/<wbr>&lt;b&gt;"


def test_plural() -> None:
    assert (words.plural(1, "viewer"), words.plural(2, "viewer"), words.plural(0, "person", "people")) == (
        "1 viewer",
        "2 viewers",
        "0 people",
    )


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
            "Safari/537.36",
            "Chrome on Android",
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/18.5 Mobile/15E148 Safari/604.1",
            "Safari on iPhone",
        ),
        ("Mozilla/5.0", "A browser"),
        ("backup script", "backup script"),
        ("curl/8.5.0", "curl/8.5.0"),
    ],
)
def test_browsers(label: str, said: str) -> None:
    assert words.browser(label) == said
