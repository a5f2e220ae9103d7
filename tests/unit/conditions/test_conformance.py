"""Every condition comes to what it comes to at Semaphore."""

import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fakes.folders import FIXTURES

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.evaluation import evaluate
from pytest_canary.conditions.parser import parse
from pytest_canary.conditions.tree import Value

FILE = FIXTURES / "conditions" / "cases.toml"


def _cases() -> Iterator[Any]:
    for condition in tomllib.loads(FILE.read_text())["condition"]:
        text = " ".join(condition["text"].split())
        for number, case in enumerate(condition["cases"], start=1):
            yield pytest.param(condition["text"], case, id=f"{text} ({number})")


CASES = [*_cases()]


def answering(calls: list[dict[str, Any]]) -> dict[str, Callable[..., Value]]:
    """Functions that know these calls and no others."""

    def of(name: str) -> Callable[..., Value]:
        def answer(*arguments: Value) -> Any:
            known = [c for c in calls if (c["name"], c["arguments"]) == (name, [*arguments])]
            return known[0]["answer"]

        return answer

    return {call["name"]: of(call["name"]) for call in calls}


@pytest.mark.parametrize(("text", "case"), CASES)
def test_a_condition_is_what_it_is_at_semaphore(text: str, case: dict[str, Any]) -> None:
    found: bool | str
    try:
        found = evaluate(parse(text), case["given"], answering(case.get("calls", [])))
    except ConditionError as error:
        found = error.kind
    assert found == case["expected"]


def test_no_case_is_left_out() -> None:
    assert len(CASES) == 115
