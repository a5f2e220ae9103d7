"""docs/generate.py: what it makes of the code and the fixtures, and how it tells of drift."""

from __future__ import annotations

import ast
import json
import shutil
from pathlib import Path

import generate
import pytest
from acceptance.faults import load
from fakes.folders import DOCS
from generator import assertions, exit_codes, faults, findings, options, settings
from generator.codes import Source, package
from generator.page import PartError, filled, shortened, table
from pydantic import BaseModel

from pytest_canary import Expect
from pytest_canary.config.settings import Tables
from pytest_canary.context import rules

PAGE = "# Page\n<!-- generated: a -->\nold\n<!-- end of a -->\nby hand\n"


@pytest.fixture
def pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The project's pages, as they are with the versions of everything that run here."""
    for path in DOCS.glob("*.md"):
        shutil.copy(path, tmp_path)
    assert generate.main([], tmp_path) == 0
    capsys.readouterr()
    return tmp_path


def test_pages_that_say_what_the_code_does_pass(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.main(["--check"], pages) == 0
    assert capsys.readouterr() == ("", "")


def test_a_page_that_says_something_else_is_told_with_what_mends_it(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = pages / "rules.md"
    was = page.read_text()
    page.write_text(was.replace("| `missing-secret` | error |", "| `missing-secret` | warning |"))
    assert generate.main(["--check"], pages) == 1
    assert capsys.readouterr().err == (
        "docs/rules.md is not what the code and the fixtures say any more: run `make docs`, and "
        "commit what it has written\n"
    )
    assert generate.main([], pages) == 0
    assert page.read_text() == was


def test_a_part_that_is_on_no_page_or_has_no_end_is_told(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = pages / "faults.md"
    was = page.read_text()
    page.write_text("# Faults\n")
    assert generate.main(["--check"], pages) == 1
    assert capsys.readouterr().err == "docs: `faults` is to be on one page, and is on 0\n"
    page.write_text(was.replace("<!-- end of faults -->", ""))
    assert generate.main([], pages) == 1
    assert capsys.readouterr().err == (
        "docs: docs/faults.md: `faults` has no line `<!-- end of faults -->`\n"
    )


def test_only_what_stands_between_the_comments_is_made_anew() -> None:
    made = "# Page\n<!-- generated: a -->\n\nnew\n\n<!-- end of a -->\nby hand\n"
    assert filled("page.md", PAGE, {"a": lambda: "new"}) == made
    assert filled("page.md", made, {"a": lambda: "new"}) == made


def test_a_part_that_nothing_makes_is_told() -> None:
    with pytest.raises(PartError, match=r"docs/page\.md wants `a`, and nothing makes that"):
        filled("page.md", PAGE, {})


def test_a_cell_is_one_line_and_its_bars_are_no_columns() -> None:
    assert table(("a", "n"), [("x | y\nz", "1")], numbers=("n",)) == (
        "| a | n |\n|---|--:|\n| x \\| y z | 1 |"
    )


def test_a_long_sentence_ends_between_two_words() -> None:
    assert shortened("word " * 50) == ("word " * 32).strip() + " …"
    assert shortened("short") == "short"


def test_a_setting_of_which_nothing_is_said_is_told() -> None:
    class Silent(BaseModel):
        """One."""

        name: str

    with pytest.raises(PartError, match=r"setting `name` has no line under Attributes in .*Silent"):
        settings.part(Silent)


def test_every_setting_has_a_row_with_its_default_and_its_limits() -> None:
    text = settings.part()
    assert "| `stable` | of the version that everybody gets | a whole number from 1 " in text
    assert "| `apply` |" in text
    assert "### `[pipeline.secrets.NAME]`" in text
    keys = [name.replace("_", "-") for name in Tables.model_fields]
    assert [key for key in keys if f"[{key}" not in text and f"`{key}`" not in text] == []


def test_what_a_docstring_says_of_several_keys_is_said_of_each() -> None:
    class Both(BaseModel):
        """Two.

        Attributes:
            one, two: a number, of which
                much is said.
            three: another.
        """

    assert settings.described(Both) == {
        "one": "a number, of which much is said",
        "two": "a number, of which much is said",
        "three": "another",
    }


def test_every_option_has_a_row() -> None:
    text = options.part()
    assert "| `--canary-until STAGE` | stop after this stage, and clean up |" in text
    assert "| `--canary-keep never\\|on-failure\\|always` |" in text


def test_every_assertion_has_a_row_with_what_it_is_given() -> None:
    text = assertions.part()
    assert [name for name in vars(Expect) if name[0] != "_" and f"| `{name}(" not in text] == []
    assert "| `gone(track)` | A track's Deployment and its pods are gone; waits for it. |" in text
    assert "| `only_version(title)` |" in text
    assert '| `title`: "candidate" or "baseline" |' in text


def test_an_assertion_of_which_nothing_is_said_is_told() -> None:
    class Silent:
        def holds(self) -> None: ...

    with pytest.raises(PartError, match=r"\.Silent\.holds has no docstring"):
        assertions.part(Silent)


def test_an_exit_code_of_which_nothing_is_said_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "| 143 | SIGTERM" in exit_codes.part()
    monkeypatch.delitem(exit_codes.MEANING, "USAGE_ERROR")
    with pytest.raises(PartError, match="says nothing of pytest's USAGE_ERROR"):
        exit_codes.part()


def codes(text: str) -> dict[str, list[str]]:
    """What is read of a module's source."""
    source = Source()
    source.add(ast.parse(text))
    return source.codes()


def test_a_finding_is_read_as_it_stands_in_the_source() -> None:
    assert codes(
        "def f(name, often):\n"
        "    words = f'{name} is not there'\n"
        "    Finding('ErrImagePull' if often else 'ImagePullBackOff', words)\n"
        "    Finding(code='OOMKilled', sentence=f'{name}{often} was killed by its limit')\n"
        "    Finding('missing-secret', 'a rule has its own table')\n"
        "def g(kind):\n"
        "    Finding(f'{kind}Probe', 'it fails there')\n"
    ) == {
        "ErrImagePull": ["… is not there"],
        "ImagePullBackOff": ["… is not there"],
        "OOMKilled": ["… was killed by its limit"],
        "LivenessProbe": ["it fails there"],
        "ReadinessProbe": ["it fails there"],
        "StartupProbe": ["it fails there"],
    }


def test_a_code_that_is_handed_on_is_read_where_it_comes_from() -> None:
    assert codes(
        "def fail(code, what, hangs='CommandHangs'):\n"
        "    Finding(code, f'{what}; see there')\n"
        "    codes = {'hangs': hangs, 'endless': 'CommandOutputEndless'}\n"
        "    Finding(codes[code], 'it has no end')\n"
        "def g():\n"
        "    fail('MigrationFails', 'nothing was done')\n"
        "    fail('PingFails', what='nobody has answered', hangs='PingHangs')\n"
    ) == {
        "MigrationFails": ["nothing was done; see there"],
        "PingFails": ["nobody has answered; see there"],
        "CommandHangs": ["it has no end"],
        "PingHangs": ["it has no end"],
        "CommandOutputEndless": ["it has no end"],
    }


def test_a_code_that_is_put_together_in_another_way_is_told() -> None:
    with pytest.raises(PartError, match=r"doesn't know what f'\{kind\}Trouble' comes to"):
        codes("def f(kind):\n    Finding(f'{kind}Trouble', 'words')\n")


def test_a_finding_without_words_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(findings, "WORDS", {})
    with pytest.raises(PartError, match="can't read off what a finding CanaryUnproven says"):
        findings.part()


def test_a_finding_that_has_an_errors_words_has_its_row_among_errors() -> None:
    assert package().codes()["ReleaseError"] == []
    assert "| `ReleaseError` |" not in findings.part()
    assert "| `ReleaseError` | A transition of the release failed. |" in findings.errors_part()


def test_every_code_that_a_fault_expects_has_a_row() -> None:
    rows = findings.part() + findings.errors_part()
    expected = {each.expect.code for each in load(faults.FAULTS)} - rules.levels().keys()
    assert [code for code in sorted(expected) if f"| `{code}` |" not in rows] == []


def test_of_a_fault_that_was_not_walked_as_it_is_what_must_be_said_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("quota", "missing-key", "ping-hangs", "ping-fails"):
        shutil.copy(faults.FAULTS / f"{name}.toml", tmp_path)
    heard = {
        "quota": "addressbook-canary gets no pod: quota tight allows pods=4, of which pods=4 is "
        "used",
        "missing-key": "addressbook-canary says something else by now",
        "ping-hangs": "`sleep 600` in pod addressbook-canary-7c66f9d54-mf6gk was …",
    }
    told = {name: {"sentence": said, "seconds": 0.26} for name, said in heard.items()}
    (tmp_path / "told.json").write_text(json.dumps(told))
    monkeypatch.setattr(faults, "FAULTS", tmp_path)
    rows = [line.split(" | ", 1)[1] for line in faults.part().splitlines()[2:]]
    assert rows == [
        "canary | **CreateContainerConfigError**: … addressbook-canary … can't start … no key "
        "DB_REPLICA in Secret db-params … |  |",
        f"canary | **FailedCreate**: {heard['quota']} | 0.3 |",
        "migration | **PingFails**: … addressbook ping` in pod addressbook-canary- … exits with "
        'code 1 … database "adressbook" does not exist … |  |',
        "migration | **PingHangs**: `sleep 600` in pod addressbook-canary-… was … | 0.3 |",
    ]
