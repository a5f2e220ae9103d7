"""Logs that nobody means: they have a telling line, or none."""

import json

from fakes.hostile import TEXTS, VALUES, altered
from hypothesis import given
from hypothesis import strategies as st

from pytest_canary.diagnosis.log_lines import quote_line

LINE = {"level": "error", "msg": "no room", "error": "ENOSPC"}
LINES = (
    TEXTS | altered(LINE, VALUES).map(json.dumps) | st.sampled_from(["Traceback (most", "{" * 50])
)


@given(log=st.lists(LINES, max_size=6).map("\n".join))
def test_any_log_has_a_telling_line_or_none(log: str) -> None:
    assert len(quote_line(log)) < 300


def test_a_line_of_brackets_tells_less_than_any_other() -> None:
    assert quote_line('{"msg": ' + "[" * 100_000 + "\nError: no room") == ': "Error: no room"'
