"""Errors: one sentence for a person, then the evidence."""

import inspect

import pytest

import pytest_canary
from pytest_canary.core import errors
from pytest_canary.core.errors import CanaryError, CommandError, FoundError, NotApplicable
from pytest_canary.core.findings import Finding

EVERY = [
    each
    for _, each in inspect.getmembers(errors, inspect.isclass)
    if each.__module__ == errors.__name__ and each is not NotApplicable
]
# Those that say it in their own words; a FoundError says it in its findings'.
ALL = [each for each in EVERY if each is not FoundError]


def test_a_found_error_reads_as_its_first_finding_and_then_the_others() -> None:
    first = Finding("Exits", "it exits", where="pod a", seen="twice", likely="why", next="look")
    error = FoundError([first, Finding("Slow", "it is slow", evidence="a line")], "and more")
    assert error.sentence == "it exits"
    assert error.evidence.splitlines() == [
        "seen    pod a, twice",
        "likely  why",
        "next    look",
        "it is slow",
        "a line",
        "and more",
    ]


@pytest.mark.parametrize("kind", EVERY)
def test_every_error_is_a_canary_error_and_is_in_the_overview(kind: type[Exception]) -> None:
    assert issubclass(kind, CanaryError)
    assert kind.__name__ in str(errors.__doc__)
    assert kind.__doc__


@pytest.mark.parametrize("kind", ALL)
def test_an_error_reads_as_a_sentence_and_then_its_evidence(kind: type[CanaryError]) -> None:
    error = kind("it failed; do this", "\nfirst line\n\nlast line\n")
    assert str(error) == "it failed; do this\n    first line\n    \n    last line"
    assert error.sentence == "it failed; do this"
    assert error.evidence == "first line\n\nlast line"


def test_an_error_can_be_written_to_any_file() -> None:
    error = CanaryError("half \ud83d", "and \ud83d, in 😀")
    assert (error.sentence, error.evidence) == ("half \\ud83d", "and \\ud83d, in 😀")
    assert str(error).encode().decode() == "half \\ud83d\n    and \\ud83d, in 😀"
    assert repr(error).encode()


@pytest.mark.parametrize("evidence", ["", "\n", "\n\n"])
def test_an_error_without_evidence_is_its_sentence(evidence: str) -> None:
    assert str(CanaryError("it failed", evidence)) == "it failed"


def test_a_commands_output_is_kept_as_it_was() -> None:
    error = CommandError("`x` exited with code 3", "out\n", 3)
    assert (error.output, error.evidence, error.code) == ("out\n", "out", 3)
    assert CommandError("x").code is None


def test_a_commands_evidence_begins_with_what_can_be_pasted() -> None:
    error = CommandError("`x` exited with code 3", "out\n", 3, command="x --now")
    assert str(error) == "`x` exited with code 3\n    $ x --now\n    out"
    assert error.output == "out\n"


@pytest.mark.parametrize("name", pytest_canary.__all__)
def test_every_public_name_can_be_imported(name: str) -> None:
    assert getattr(pytest_canary, name).__name__ == name


def test_a_name_that_is_not_public_is_refused_as_python_does() -> None:
    with pytest.raises(AttributeError, match="module 'pytest_canary' has no attribute 'Nothing'"):
        _ = pytest_canary.Nothing
