"""On which line a setting stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_canary.config.settings_file import load
from pytest_canary.config.toml_file import line_of


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('name = "a"\n[promotion]\n# when =\nwhen = "x"\n', 4),
        ('[ promotion ]\n"when" = "x"\n', 2),
        ('promotion.when = "x"\n', 1),
        ('a = 1\npromotion = { when = "x" }\n', 2),
        ("[promotion]\ntags = []\n", 1),
        ("[promotion.other]\na = 1\n", 0),
        ("[promotions]\nwhen = 1\n[a]\npromotion = 1\n", 0),
        ("", 0),
    ],
)
def test_a_key_is_on_its_line_or_its_tables(text: str, line: int) -> None:
    assert line_of(text, "promotion.when") == line


@pytest.mark.parametrize(
    ("file", "text", "line"),
    [
        ("canary.toml", "[promotion]\nwhen = \"tag =~ '^a'\"\n", 2),
        ("pyproject.toml", "[project]\n\n[tool.canary.promotion]\nwhen = \"tag =~ '^a'\"\n", 4),
        ("other.toml", "", 0),
    ],
)
def test_settings_know_the_lines_of_their_file(book: Path, file: str, text: str, line: int) -> None:
    if text:
        (book / file).write_text(text)
    settings = load(book)
    assert settings.line("promotion.when") == line
    assert settings.file == (book / file if text else None)
