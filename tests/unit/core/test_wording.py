"""Words for a person."""

import pytest

from pytest_canary.core.wording import (
    cut,
    did_you_mean,
    last_line,
    nearest,
    plural,
    size,
    suggestion,
    times,
)


def test_the_nearest_word_is_found_or_none_is() -> None:
    assert nearest("imige", ["name", "image", "ports"]) == "image"
    assert nearest("web", ["name", "image"]) == ""
    assert did_you_mean("imige", {"image": 1}) == "did you mean image?"
    assert did_you_mean("web", ["image"], otherwise="take it out") == "take it out"


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("htpp", ["http", "grpc"], "did you mean http?"),
        ("web", ["http", "grpc", "http"], "write http or grpc"),
        ("web", ["a1", "b2", "c3", "d4", "e5"], "otherwise"),
        ("web", [], "otherwise"),
    ],
)
def test_a_suggestion_is_the_nearest_word_or_the_few_there_are(
    wrong: str, right: list[str], said: str
) -> None:
    assert suggestion(wrong, right, "otherwise") == said


def test_one_thing_is_told_from_several() -> None:
    assert plural(1, "look") == "1 look"
    assert plural(0, "look") == "0 looks"
    assert plural(4212, "request") == "4,212 requests"
    assert [times(count) for count in (0, 1, 2)] == ["not at all", "once", "2 times"]


def test_bytes_are_told_in_the_unit_that_suits_them() -> None:
    assert [size(each) for each in (0, 812, 18_734, 999_990, 1_400_000)] == [
        "0 B",
        "812 B",
        "18.7 kB",
        "1.0 MB",
        "1.4 MB",
    ]


def test_a_long_text_is_cut_and_says_so() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "abc…"


def test_the_last_line_is_the_last_that_says_something() -> None:
    assert last_line("error: a\n  error: b \n\n \n") == "error: b"
    assert last_line(" \n\n") == ""
