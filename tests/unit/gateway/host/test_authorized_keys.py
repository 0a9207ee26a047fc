from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.host.authorized_keys import checked_label, joined, our_line, read_lines
from gateway.host.public_keys import parse_public_key
from protocol.problems import Problem, ProblemCode
from tests.unit.gateway.host.keys import ed25519

ADDED = datetime(2026, 11, 21, 1, 2, 3, tzinfo=UTC)
KEY = parse_public_key(ed25519(b"one"))
LABELS = st.text(max_size=64).filter(lambda text: text.isprintable() and text == text.strip())
TIMES = st.datetimes(datetime(2027, 1, 1), datetime(9998, 1, 1)).map(lambda t: t.replace(microsecond=0, tzinfo=UTC))


@given(LABELS, st.none() | TIMES)
def test_a_line_of_ours_reads_as_what_it_was_made_from(label: str, expires: datetime | None) -> None:
    line, key = our_line(KEY, label, ADDED, expires)
    (read,) = read_lines(line.raw)
    assert read.key == key
    assert (key.label, key.added_at, key.expires_at, key.managed) == (label, ADDED, expires, True)
    assert line.raw.count(b"\n") == 1


def test_expiry_is_openssh_s_own_option_in_utc() -> None:
    zone = datetime(2026, 12, 31, 23, 0, 0, 999_999, tzinfo=UTC).astimezone()
    line, _ = our_line(KEY, "", ADDED, zone)
    assert line.raw.decode() == (f'expiry-time="20261231230000Z" ssh-ed25519 {KEY.base64} hutch:2026-11-21T01:02:03Z\n')


@given(st.binary(max_size=400) | st.text(alphabet='ssh-ed25519 hutch:Z"=\\\r\n# \t', max_size=200).map(str.encode))
@example(b"no line feed at the end")
@example(b"a\rb\x0bc\x0cd\r\n\n\x00")
def test_reading_and_joining_changes_no_byte(data: bytes) -> None:
    assert joined(read_lines(data)) == data


FOREIGN = {
    "plain": (f"{KEY.algorithm} {KEY.base64}", ""),
    "comment": (f"{KEY.algorithm} {KEY.base64} me@home  two", "me@home  two"),
    "options": (f'from="10.0.0.0/8",command="echo \\"a b\\" c" {KEY.algorithm} {KEY.base64} x', "x"),
    "tabs": (f"\t{KEY.algorithm}\t{KEY.base64}\tx", "x"),
    "our comment behind a foreign option": (f"no-pty {KEY.algorithm} {KEY.base64} hutch:2026-11-21T01:02:03Z l", None),
    "our comment with an impossible time": (f"{KEY.algorithm} {KEY.base64} hutch:2026-99-21T01:02:03Z l", None),
    "expiry without a zone": (f'expiry-time="20261231" {KEY.algorithm} {KEY.base64} hutch:2026-11-21T01:02:03Z', None),
}


@pytest.mark.parametrize(("text", "label"), FOREIGN.values(), ids=FOREIGN.keys())
def test_lines_of_others_are_read_but_not_ours(text: str, label: str | None) -> None:
    (line,) = read_lines(text.encode() + b"\n")
    assert line.key is not None
    assert line.key.fingerprint == KEY.fingerprint
    assert not line.managed
    assert label is None or line.key.label == label


def test_a_carriage_return_hides_no_line_of_ours() -> None:
    ours, _ = our_line(KEY, "x", ADDED, None)
    (line,) = read_lines(b"# comment\r" + ours.raw)
    assert not line.managed


@pytest.mark.parametrize("text", ["", "# a comment", "nonsense", "ssh-ed25519", "ssh-ed25519 AAAA", '"open quote'])
def test_lines_without_a_key_are_kept_and_not_listed(text: str) -> None:
    assert [line.key for line in read_lines(text.encode() + b"\n")] == [None]


def test_expired_is_from_the_second_on() -> None:
    line, _ = our_line(KEY, "", ADDED, ADDED + timedelta(seconds=5))
    assert not line.expired(ADDED + timedelta(seconds=4, microseconds=999_999))
    assert line.expired(ADDED + timedelta(seconds=5))


@pytest.mark.parametrize("label", ["a\nb", "a\rb", "a\0b", "\x1b[31m", "x" * 65, "\u202egnp", "a\u2028b"])
def test_labels_that_are_not_one_short_line_are_refused(label: str) -> None:
    with pytest.raises(Problem) as refused:
        checked_label(label)
    assert refused.value.code is ProblemCode.INVALID_REQUEST
