"""Input that nobody means gives a sentence, and soon."""

from __future__ import annotations

from contextlib import suppress

import pytest
from fakes.jobs import WORKFLOW
from fakes.services import github_faults, gitlab_faults, source
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.pipelines.variables import Provided
from pytest_canary.services.errors import ExpressionError
from pytest_canary.services.github.expressions import condition, fill_in
from pytest_canary.services.gitlab.expressions import evaluate
from pytest_canary.services.gitlab.pipeline import read_pipeline
from pytest_canary.services.gitlab.variables import expand
from pytest_canary.services.reading import RunInputs
from pytest_canary.services.runnable import faults_of

WORDS = st.lists(
    st.sampled_from(
        [
            "${{",
            "}}",
            "(",
            ")",
            "[",
            "]",
            "'",
            "a",
            "github",
            ".",
            "==",
            "||",
            "1",
            "$A",
            "/a/",
            " ",
        ]
    )
).map("".join)
KEYS = (
    *("jobs", "on", "a", "steps", "run", "if", "needs", "script", "rules", "strategy", "matrix"),
    *("include", "env", "variables", "extends", "with", "uses", "default"),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab${} .", max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(WORDS)
def test_any_text_is_an_expression_or_is_said_to_be_none(text: str) -> None:
    for read in (lambda: condition(text), lambda: fill_in(text, {}), lambda: evaluate(text, {})):
        with suppress(ExpressionError):
            read()


@pytest.mark.parametrize("text", ["(" * 100_000, "!" * 100_000, "${{" * 100_000])
def test_an_expression_that_is_too_deep_is_told(text: str) -> None:
    with pytest.raises(ExpressionError):
        condition(text)
    with pytest.raises(ExpressionError):
        evaluate(text, {})


@given(VALUES)
def test_any_file_is_read_or_its_mistakes_are_told(value: object) -> None:
    text = repr(value).replace("None", "null").replace("True", "true").replace("False", "false")
    for name in (".github/workflows/a.yml", ".gitlab-ci.yml"):
        assert all(
            each.sentence and each.fix
            for each in faults_of(source(text, name), RunInputs(), Provided())
        )
    read_pipeline(source(text), RunInputs(), WORKFLOW)


def test_what_grows_without_end_does_not() -> None:
    values = {f"V{number}": f"$V{number + 1}" * 20 for number in range(30)}
    assert len("".join(expand(values).values())) < 10_000_000
    jobs = "".join(f".j{n}: {{extends: [{', '.join([f'.j{n + 1}'] * 9)}]}}\n" for n in range(10))
    assert gitlab_faults(f"{jobs}.j10: {{script: a}}\njob: {{extends: .j0}}") == []
    axes = ", ".join(f"a{n}: [1, 2, 3, 4]" for n in range(20))
    text = f"jobs: {{a: {{strategy: {{matrix: {{{axes}}}}}, steps: [{{run: a}}]}}}}"
    (told,) = github_faults(text)
    assert "GitHub takes 256 jobs of a matrix, and these are 1,099,511,627,776" in told
    many = "".join(f"j{number}: {{script: a}}\n" for number in range(1_001))
    (told,) = gitlab_faults(many)
    assert "1,000 jobs at most can be rehearsed, and these are 1,001" in told
