"""report.json: the document, and the schema that is published for it."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from fakes.folders import ROOT
from fakes.reports import SAMPLES
from pydantic import ValidationError

from pytest_canary.core.findings import Finding
from pytest_canary.reporting import document
from pytest_canary.reporting.__main__ import main
from pytest_canary.reporting.document import Found, Report, schema_text

PATHS = sorted(SAMPLES.glob("*.json"))
PUBLISHED = Path(document.__file__).with_name("report.schema.json")
LEAST: dict[str, Any] = {
    "run": "c7f2a1",
    "name": "shop",
    "started": "2026-11-23T04:27:13Z",
    "seconds": 1,
    "result": "passed",
}


def test_the_published_schema_is_that_of_the_models() -> None:
    # pydantic before 2.11 writes 0.0 for 0, which is the same number.
    found = re.sub(r"(?m)(: [0-9]+)\.0(?=,?$)", r"\1", schema_text())
    assert PUBLISHED.read_text() == found, (
        f"write it anew: python -m pytest_canary.reporting schema >{PUBLISHED.relative_to(ROOT)}"
    )


def test_the_schema_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    found = json.loads(capsys.readouterr().out)
    jsonschema.Draft202012Validator.check_schema(found)
    assert found["$id"] == "urn:pytest-canary:report:1"


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_what_is_written_fits_the_schema_and_is_read_again(path: Path) -> None:
    report = Report.model_validate_json(path.read_text())
    jsonschema.validate(
        json.loads(report.text),
        document.schema(),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )
    assert Report.model_validate_json(report.text) == report


def test_the_samples_are_what_makes_them() -> None:
    made = runpy.run_path(str(SAMPLES / "make.py"))["MADE"]
    assert {path.stem for path in PATHS} == set(made)
    for path in PATHS:
        assert Report.model_validate(made[path.stem]()).text == path.read_text()


def test_the_schema_refuses_what_is_no_report() -> None:
    for wrong in ({"seconds": -1}, {"result": "fine"}, {"format": 2}, {"share": {"value": 2}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(LEAST | wrong, document.schema())


def test_a_reader_of_this_format_may_meet_more() -> None:
    jsonschema.validate(LEAST | {"weather": "fine"}, document.schema())


@pytest.mark.parametrize(
    "wrong", [{"weather": "fine"}, {"seconds": float("nan")}, {"stages": [{"name": "canary"}]}]
)
def test_a_writer_of_it_may_not(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Report.model_validate(LEAST | wrong)


def test_what_a_run_does_not_have_stays_out() -> None:
    found = json.loads(Report.model_validate(LEAST).text)
    assert found["run"] == "c7f2a1"
    assert not {"verdict", "traffic", "database", "share", "promotion"} & set(found)


def test_a_finding_is_taken_over_whole() -> None:
    words = ("Code", "it is wrong", "here", "so", "log", "this", "that")
    finding = Finding(*words, doomed=False, level="warning", why="we know")
    found = Found.of(finding, "canary", 1.8, ["findings/90dd3c/1/log.txt"])
    told = Finding.__dataclass_fields__.keys() - {"file", "line"}
    assert {name: getattr(found, name) for name in told} == {n: vars(finding)[n] for n in told}
    assert (found.stage, found.after_apply, found.files) == (
        "canary",
        1.8,
        ("findings/90dd3c/1/log.txt",),
    )


def test_a_page_is_made_of_a_report_that_was_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "report.json"
    kept.write_text(json.dumps(LEAST))
    assert main(["page", str(kept), str(tmp_path / "again")]) == 0
    assert capsys.readouterr().out.splitlines() == [
        str(tmp_path / "again" / "report.html"),
        str(tmp_path / "again" / "report.json"),
    ]
    assert "Nothing ran" in (tmp_path / "again" / "report.html").read_text()


def test_what_is_no_report_is_told_in_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "report.json"
    assert main(["page", str(kept), str(tmp_path)]) == 1
    assert "report.json can't be read: No such file or directory" in capsys.readouterr().err
    kept.write_text(json.dumps(LEAST | {"format": 2, "seconds": -1}))
    assert main(["page", str(kept), str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "report.json is no report of this version of pytest-canary; make the page with" in said
    assert "    format: Input should be 1\n    seconds: Input should be greater" in said
