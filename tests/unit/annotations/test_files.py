"""SARIF and GitLab's code quality, as their readers want them; and how the files are written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_canary.annotations import writing
from pytest_canary.annotations.gitlab import code_quality
from pytest_canary.annotations.notice import Notice, fingerprints
from pytest_canary.annotations.sarif import sarif
from pytest_canary.core.errors import CanaryError

ERROR = Notice("no-port", "error", "there is no port", "next    a", "a", "x/a b.yml", 7)
WARNING = Notice("Api", "warning", "PUT fails", file="canary.toml")
FOUND = [ERROR, WARNING, ERROR]


def test_a_sarif_log_has_each_finding_with_its_rule_file_line_and_fingerprint() -> None:
    log = json.loads(sarif(FOUND, {"no-port": "a port that isn't there"}, "1.2.3"))
    (run,) = log.pop("runs")
    assert log.pop("version") == "2.1.0"
    assert log.popitem()[1].endswith("/sarif-schema-2.1.0.json")
    assert run["tool"]["driver"] == {
        "name": "pytest-canary",
        "semanticVersion": "1.2.3",
        "rules": [
            {"id": "no-port", "shortDescription": {"text": "a port that isn't there"}},
            {"id": "Api", "shortDescription": {"text": "Api"}},
        ],
    }
    first, second, third = run["results"]
    assert first == {
        "ruleId": "no-port",
        "ruleIndex": 0,
        "level": "error",
        "message": {"text": "there is no port\nnext    a"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "x/a%20b.yml", "uriBaseId": "%SRCROOT%"},
                    "region": {"startLine": 7},
                }
            }
        ],
        "partialFingerprints": {"canaryFinding/v1": fingerprints(FOUND)[0]},
    }
    assert (second["ruleIndex"], second["level"]) == (1, "warning")
    region = second["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1}
    assert third["partialFingerprints"] != first["partialFingerprints"]


def test_a_code_quality_report_has_what_gitlab_asks_for() -> None:
    first, second, third = json.loads(code_quality(FOUND))
    assert first == {
        "description": "there is no port; next: a",
        "check_name": "no-port",
        "fingerprint": fingerprints(FOUND)[0],
        "severity": "major",
        "location": {"path": "x/a b.yml", "lines": {"begin": 7}},
    }
    assert (second["description"], second["severity"]) == ("PUT fails", "minor")
    assert second["location"]["lines"]["begin"] == 1
    assert third["fingerprint"] != first["fingerprint"]


def test_where_nothing_is_found_both_say_so() -> None:
    assert json.loads(code_quality([])) == []
    assert json.loads(sarif([], {}, "1"))["runs"][0]["results"] == []


def test_a_file_is_made_with_its_folder_and_takes_an_older_ones_place(tmp_path: Path) -> None:
    path = tmp_path / "out" / "quality.json"
    for found in ([ERROR], []):
        writing.write("gitlab", path, found, "deployment.yml")
        assert len(json.loads(path.read_text())) == len(found)
    writing.write("sarif", path, [Notice("unset-variable", "error", "x")], "deployment.yml")
    text = path.read_text()
    assert '"uri": "deployment.yml"' in text
    assert "a variable of a template that gets no value" in text


def test_a_file_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    path = tmp_path / "quality.json"
    path.mkdir()
    with pytest.raises(CanaryError) as error:
        writing.write("gitlab", path, [], "")
    assert str(error.value) == (
        f"the findings can't be written to {path}: Is a directory; "
        "name another file with --canary-findings"
    )
