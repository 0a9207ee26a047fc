from __future__ import annotations

from hub.nodes.directory import Directory, Place


def test_the_newest_connection_counts() -> None:
    directory = Directory("me")
    assert directory.there("d", Place("a", 5))
    assert not directory.there("d", Place("b", 4))
    assert directory.place("d") == Place("a", 5)
    assert directory.there("d", Place("b", 6))
    assert not directory.gone("d", "a")
    assert directory.gone("d", "b")
    assert not directory.elsewhere("d")


def test_a_device_that_is_here_is_nowhere_else() -> None:
    directory = Directory("me")
    directory.there("d", Place("a", 1))
    directory.here("d")
    assert not directory.elsewhere("d")


def test_a_node_that_is_missing_twice_in_a_row_is_gone_and_one_that_is_new_is_not() -> None:
    directory = Directory("me")
    directory.there("d", Place("a", 1))
    directory.there("e", Place("b", 1))
    directory.looked(frozenset({"me", "a"}))
    assert directory.elsewhere("e")
    directory.looked(frozenset({"me", "a", "b"}))
    directory.looked(frozenset({"me", "b"}))
    assert directory.elsewhere("d")
    directory.looked(frozenset({"me", "b"}))
    assert not directory.elsewhere("d")
    assert directory.elsewhere("e")
    assert directory.lost("b") == ["e"]
    assert len(directory) == 0
