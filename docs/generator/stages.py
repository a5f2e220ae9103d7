"""What each stage asserts, in its own sentences."""

from __future__ import annotations

from collections.abc import Iterator

from generator.page import table
from pytest_canary import stages
from pytest_canary.config.options import STAGES
from pytest_canary.config.settings import Settings, Tables


def part() -> str:
    """A row for each check, in the words that `-v` shows with the default settings."""
    return table(("stage", "check"), _rows())


def _rows() -> Iterator[tuple[str, str]]:
    tables = {name: getattr(Tables(), name) for name in Tables.model_fields}
    settings = Settings.model_construct(**(tables | {"name": "NAME"}))
    for name in (*STAGES, "automatic_rollback"):
        title = name.replace("_", " ")
        for check in stages.load(name).checks:
            yield title, check.words(settings)
            title = ""
