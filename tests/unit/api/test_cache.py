from __future__ import annotations

from app.api.cache import Recent


def test_what_was_used_least_recently_is_forgotten_first() -> None:
    cache: Recent[str, str] = Recent(3)
    for key in "abc":
        cache.keep(key, key.upper(), 1)
    assert cache.get("a") == "A"

    cache.keep("d", "D", 1)

    assert [cache.get(key) for key in "abcd"] == ["A", None, "C", "D"]


def test_weights_count_together() -> None:
    cache: Recent[str, str] = Recent(10)
    cache.keep("a", "A", 4)
    cache.keep("b", "B", 4)
    cache.keep("a", "again", 6)
    assert [cache.get(key) for key in "ab"] == ["again", "B"]

    cache.keep("c", "C", 5)

    assert [cache.get(key) for key in "abc"] == [None, "B", "C"]


def test_what_outweighs_everything_is_not_kept() -> None:
    cache: Recent[str, str] = Recent(10)
    cache.keep("a", "A", 4)

    assert cache.keep("b", "B", 11) == "B"
    assert [cache.get(key) for key in "ab"] == ["A", None]
