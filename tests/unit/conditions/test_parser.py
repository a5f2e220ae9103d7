"""What is no condition is told in one sentence, with its place; whatever the text is."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.conditions.errors import ConditionError
from pytest_canary.conditions.evaluation import evaluate
from pytest_canary.conditions.parser import parse

TERM = "a comparison, a value or a parenthesis belongs"
JOIN = "'and', 'or' or the end belongs"
REF = {"branch": "master", "tag": "", "pull_request": ""}
END = {"result": "passed", "result_reason": ""}


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("", "syntax", f"it ends where {TERM}"),
        ("and true", "syntax", f"and at character 1 stands where {TERM}"),
        ("branch", "syntax", "it ends where =, !=, =~ or !~ belongs"),
        ("branch in ['a']", "syntax", "in at character 8 stands where =, !=, =~ or !~ belongs"),
        (
            "branch = master",
            "syntax",
            "master at character 10 stands where a text in single quotes belongs",
        ),
        (
            "branch == 'master'",
            "syntax",
            "= at character 9 stands where a text in single quotes belongs",
        ),
        (
            "'a' = (true)",
            "syntax",
            "( at character 7 stands where a keyword or a text in single quotes belongs",
        ),
        (
            "Branch = 'a'",
            "syntax",
            "Branch at character 1 is neither a keyword nor a function; did you mean branch?",
        ),
        ("xyzzy = 'a'", "syntax", "xyzzy at character 1 is neither a keyword nor a function"),
        ("branch = 'a' And true", "syntax", f"And at character 14 stands where {JOIN}"),
        ("(true))", "syntax", f") at character 7 stands where {JOIN}"),
        ("(true", "syntax", "it ends where ) belongs"),
        ("f('a'", "syntax", "it ends where ) belongs"),
        ("f('a',", "syntax", "it ends where a value belongs"),
        ("[true or false]", "syntax", "or at character 7 stands where ] belongs"),
        ("{1}", "syntax", "1 at character 2 stands where a key with its colon belongs"),
        ("{a: 1", "syntax", "it ends where } belongs"),
        (
            "branch = 'a' or\n  tag = b",
            "syntax",
            "b at line 2, character 9 stands where a text in single quotes belongs",
        ),
        (
            'branch = "a"',
            "lexical",
            "'\"' at character 10 can't stand there; a text stands in single quotes",
        ),
        (
            "branch = ''",
            "lexical",
            "\"'\" at character 10 can't stand there; a text has at least one character, and ends "
            "with a single quote",
        ),
        ("true && false", "lexical", "'&' at character 6 can't stand there; write and"),
        ("true || false", "lexical", "'|' at character 6 can't stand there; write or"),
        (
            "!true",
            "lexical",
            "'!' at character 1 can't stand there; there are =, !=, =~ and !~",
        ),
        ("1.2.3", "lexical", "'.' at character 4 can't stand there"),
        ("(" * 51, "syntax", "it is nested more than 50 deep"),
        ("f()=" * 60, "syntax", "it is nested more than 50 deep"),
        ("[" * 51, "syntax", "it is nested more than 50 deep"),
        ("true" + " or true" * 500, "syntax", "it has 4,004 characters, and 4,000 at most"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, kind: str, sentence: str) -> None:
    with pytest.raises(ConditionError) as wrong:
        parse(text)
    assert (wrong.value.kind, str(wrong.value)) == (kind, sentence)


@pytest.mark.parametrize("text", ["true" + " or true" * 400, "(" * 50 + "true" + ")" * 50])
def test_a_long_condition_is_no_mistake(text: str) -> None:
    assert evaluate(parse(text), {})


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("branch = 'dev' or true and false", False),
        ("branch = 'dev' or (true and false)", False),
        ("true or (true and false)", True),
        ("true or true and false", False),
    ],
)
def test_and_binds_no_closer_than_or(text: str, holds: bool) -> None:
    assert evaluate(parse(text), REF) is holds


@pytest.mark.parametrize(
    ("text", "kind", "sentence"),
    [
        ("true or result = 'a'", "missing-keyword", "result at character 9 has no value here"),
        (
            "change_in('/x') or true",
            "unknown-function",
            "there is no function change_in here, which is called at character 1",
        ),
        ("'(' =~ branch or branch =~ '('", "pattern", "not a regular expression: missing )"),
        ("'true' =~ branch", "value", "True is no text, and =~ matches a text with a pattern"),
    ],
)
def test_what_can_not_be_evaluated_is_told(text: str, kind: str, sentence: str) -> None:
    with pytest.raises(ConditionError) as wrong:
        evaluate(parse(text), REF)
    assert wrong.value.kind == kind
    assert sentence in str(wrong.value)


def test_a_function_is_asked_with_its_values() -> None:
    asked = []

    def change_in(*arguments: object) -> bool:
        asked.append(arguments)
        return False

    text = "change_in(['/app', 'lib'], {on_tags: false, depth: 1.5}) != true"
    assert evaluate(parse(text), {}, {"change_in": change_in})
    assert asked == [(["/app", "lib"], {"on_tags": False, "depth": 1.5})]


WORDS = ["branch", "tag", "result", "'a'", "'^v*'", "=", "!=", "=~", "!~", "and", "or", "(", ")"]
WORDS += ["true", "0", "-1.5", "[", "]", "{", "}", "a:", ",", "f", "'true'", '"', "\n", "ü"]


@given(text=st.lists(st.sampled_from(WORDS)).map(" ".join) | st.text())
def test_a_condition_of_anything_is_evaluated_or_told(text: str) -> None:
    with contextlib.suppress(ConditionError):
        assert evaluate(parse(text), REF | END) in (True, False)
