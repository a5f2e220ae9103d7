"""README and docs/: their links lead somewhere, their samples are valid, and none is forgotten."""

from __future__ import annotations

import ast
import re
import tomllib
from collections import Counter
from pathlib import Path

import pytest
import yaml
from fakes.folders import DOCS, ROOT
from unit.docs.pages import PAGES, blocks, dead_links, links

from pytest_canary.config.settings import Tables
from pytest_canary.context import rules

# All of the project's own pages, but what tools keep beside them.
EVERYWHERE = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(part in path.parts for part in (".venv", "node_modules", "canary-report"))
)
SAMPLES = [
    pytest.param(block.language, block.text, id=f"{path.stem}-{block.language}-{number}")
    for path in PAGES
    for number, block in enumerate(blocks(path.read_text()))
    if block.language in ("toml", "yaml", "python")
]
# Lines of two screens.
LONGEST_README = 120


@pytest.mark.parametrize("path", EVERYWHERE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_link_is_dead(path: Path) -> None:
    assert dead_links(path, path.read_text()) == []


def test_a_dead_link_is_told(tmp_path: Path) -> None:
    (tmp_path / "other.md").write_text("# Some `code`, here\n")
    text = "# Top\n[a](other.md#some-code-here) [b](gone.md) [c](#top) [d](#down)\n"
    text += "[e](other.md#gone) `[f](in-code.md)` [g](https://example.com/gone)\n"
    assert dead_links(tmp_path / "page.md", text) == [
        "page.md: gone.md: there is no such file",
        "page.md: #down: there is no such heading",
        "page.md: other.md#gone: there is no such heading",
    ]


def test_the_index_leads_to_every_page() -> None:
    index = DOCS / "README.md"
    there = {(index.parent / link).resolve() for link in links(index.read_text())}
    pages = {*DOCS.glob("*.md"), *(DOCS / "reviews").glob("*.md")}
    assert pages - there == {index}


def test_the_readme_is_two_screens() -> None:
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= LONGEST_README
    assert "(docs/README.md)" in text


def test_what_the_readme_shows_of_a_failure_is_what_its_page_shows() -> None:
    readme, page = PAGES[0].read_text(), (DOCS / "reading-a-failure.md").read_text()
    (shown,) = re.findall(r"```console\n(addressbook-canary exits.*?)```", readme, re.DOTALL)
    assert [line for line in shown.splitlines() if line not in page] == []


@pytest.mark.parametrize(("language", "text"), SAMPLES)
def test_a_sample_is_valid(language: str, text: str) -> None:
    if language == "toml":
        tables = Tables.model_validate(tomllib.loads(text))
        assert tables.findings.keys() <= rules.levels().keys()
    elif language == "yaml":
        assert yaml.safe_load(text)
    else:
        assert ast.parse(text)


def test_samples_of_each_kind_are_looked_at() -> None:
    kinds = {str(each.values[0]) for each in SAMPLES}
    assert kinds == {"toml", "yaml", "python"}


def test_nothing_is_said_twice() -> None:
    """No paragraph is on two pages; what was seen is shown again where it is explained."""
    fenced = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
    paragraphs = Counter(
        paragraph
        for path in PAGES
        for paragraph in fenced.sub("", path.read_text()).split("\n\n")
        if len(paragraph.split()) > 15
    )
    assert [paragraph for paragraph, times in paragraphs.items() if times > 1] == []
