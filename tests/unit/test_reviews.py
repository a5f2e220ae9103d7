"""What the reviews' tables name is there: each test, and each module."""

import re
from pathlib import Path

import pytest
from fakes.folders import DOCS, ROOT

REVIEWS = sorted((DOCS / "reviews").glob("*.md"))
TEST = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")
MODULE = re.compile(r"`(\w+/[\w/]+\.py)`")


@pytest.mark.parametrize("review", REVIEWS, ids=lambda path: path.stem)
def test_what_a_review_names_is_there(review: Path) -> None:
    text = review.read_text()
    named = TEST.findall(text)
    gone = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text()
    ]
    gone += [
        module
        for module in MODULE.findall(text)
        if not any((folder / module).exists() for folder in (ROOT / "pytest_canary", ROOT))
    ]
    assert gone == []
    assert len(named) > 50
