"""Passwords that guessers try first, in whatever dress."""

from __future__ import annotations

import pytest

from auth.guessable import commonness
from auth.wordlists import is_listed

OWN = ("Kim Larsen-Holt", "kim.larsen", "Acme Publishing", "kim@larsen-press.example", "7f31b2c9d04e5a@press.example")


@pytest.mark.parametrize("password", ["password", "P@ssw0rd!2024", "Welcome123", "iloveyou1", "Sommer2025!", "letmein99", "!!admin2025"])
def test_well_known_words_are_found_whatever_stands_around_them(password: str) -> None:
    assert "guessers" in commonness(password)


@pytest.mark.parametrize(
    "password", ["12345678", "87654321", "qwertyuiop", "poiuytrewq", "asdfghjkl", "abcdefgh", "1q2w3e4r", "1qaz2wsx", "qwerasdf"]
)
def test_rows_of_keys_are_found_in_either_direction(password: str) -> None:
    assert "row of keys" in commonness(password)


@pytest.mark.parametrize("password", ["aaaaaaaa", "abababab", "xyz1xyz1xyz1", "11112222"])
def test_repetitions_are_found(password: str) -> None:
    assert "repeats" in commonness(password)


@pytest.mark.parametrize(
    "password",
    [
        "larsen1988",
        "KimLarsen!1",
        "acme-2025-acme",
        "Publ1sh1ng#7",
        "kim@larsen-press.example",
        "KimLarsenAcmePublishing",
        "larsen.holt.acme!",
        "7f31b2c9d04e5a@press.example",
    ],
)
def test_the_persons_own_names_and_the_organizations_are_found(password: str) -> None:
    assert "own name" in commonness(password, OWN)
    assert "own name" not in commonness(password)


@pytest.mark.parametrize(
    "password",
    [
        "three words together",
        "imprint-demo-1",
        "correct horse battery",
        "пароль-длинный",
        "7f3!kQz9",
        "love-8392017465",
        "the larsens of winter valley",
    ],
)
def test_what_only_they_would_think_of_is_taken(password: str) -> None:
    assert commonness(password, OWN) == ""


@pytest.mark.parametrize("password", ["trombone1", "Trombone1", "1234qwerasdf", "manchesterunited", "Tr0mb0ne"])
def test_what_leaks_show_most_often_is_found_though_no_rule_says_so(password: str) -> None:
    assert "most common" in commonness(password)


def test_the_list_holds_whole_passwords_only() -> None:
    assert is_listed("trombone1")
    assert not is_listed("rombone1")
    assert not is_listed("trombone1\ntrombone2")
    assert not is_listed("")
