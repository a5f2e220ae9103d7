"""GitHub's expressions come to what they come to there."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_canary.services.errors import ExpressionError
from pytest_canary.services.github.expressions import condition, fill_in, parse

SCOPE: dict[str, Any] = {
    "github": {"ref": "refs/heads/main", "event": {"inputs": {"a-b": "x"}}},
    "matrix": {"of": [1, 2.5], "deep": [{"name": "a"}, {"name": "b"}]},
    "env": {"EMPTY": "", "TEN": "10"},
    "failure": lambda: True,
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 == 1.0", True),
        ("'Main' == 'mAIN'", True),
        ("'10' == 10", True),
        ("env.TEN > 9", True),
        ("null == 0 && true == 1", True),
        ("'abc' == 0", False),
        ("'it''s'", "it's"),
        ("0x1F", 31),
        ("true || false && false", True),
        ("!env.EMPTY", True),
        ("!(1 < 2) || 2 >= 2 && 1 <= 1", True),
        ("env.NONE", None),
        ("env.EMPTY || 'otherwise'", "otherwise"),
        ("github.event.inputs.a-b", "x"),
        ("GitHub['REF']", "refs/heads/main"),
        ("matrix.of[1]", 2.5),
        ("join(matrix.deep.*.name, '+')", "a+b"),
        ("contains(matrix.of, 1) && contains('Hello', 'ELL')", True),
        ("startsWith(github.ref, 'refs/heads/') && endsWith(github.ref, 'MAIN')", True),
        ("format('{{{0}}} {1}', 'a', 2)", "{a} 2"),
        ("fromJSON('[1, 2]')[0]", 1),
        ("toJSON(matrix.of)", "[\n  1,\n  2.5\n]"),
        ("failure() && github.ref", "refs/heads/main"),
        ("''", ""),
    ],
)
def test_an_expression_comes_to_a_value(text: str, value: Any) -> None:
    assert parse(text).evaluate(SCOPE) == value


def test_a_text_is_filled_with_what_its_expressions_come_to() -> None:
    text = "a ${{ github.ref }} ${{ '}}' }}${{ env.NONE }} ${{ true }} ${{ 3.0 }} ${{ matrix }}"
    assert fill_in(text, SCOPE) == "a refs/heads/main }} true 3 Object"


@pytest.mark.parametrize(
    ("text", "asks"),
    [("failure()", True), ("${{ always() }}", True), ("github.ref", False), ("!cancelled()", True)],
)
def test_a_condition_that_asks_for_no_status_means_success(text: str, asks: bool) -> None:
    assert condition(text).asks_for_status is asks


def test_a_condition_with_text_around_its_braces_is_a_text_and_holds() -> None:
    assert condition("${{ false }} == true").evaluate(SCOPE) == "false == true"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "an expression ends too early"),
        ("1 +", "nobody can read '+' in an expression"),
        ("(1", "')' is missing in an expression"),
        ("1 2", "'2' is one too many in an expression"),
        ("github.", "a name is missing behind a dot"),
        ("secret.A", "there is no context secret; there are github, env, vars, "),
        ("hashFiles('a')", "nothing is known of the function hashfiles"),
        ("contains('a')", "contains takes other arguments"),
        ('"a"', "nobody can read '\"a\"' in an expression"),
        ("== 1", "'==' can't stand there in an expression"),
    ],
)
def test_what_is_none_is_told(text: str, problem: str) -> None:
    with pytest.raises(ExpressionError) as wrong:
        parse(text)
    assert str(wrong.value).startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("${{ fromJSON('nope') }}", "fromJSON has no JSON"),
        ("${{ format('{1}', 'a') }}", "format has no argument for {1}"),
        ("${{ 'a ", "an expression is not closed by }}"),
    ],
)
def test_what_can_t_be_evaluated_is_told(text: str, problem: str) -> None:
    with pytest.raises(ExpressionError) as wrong:
        fill_in(text, SCOPE)
    assert str(wrong.value).startswith(problem)
