"""The summary that a CI shows, and the place that it has for one."""

from __future__ import annotations

from pathlib import Path

import pytest
from fakes.reports import sample

from pytest_canary.core.errors import CanaryError
from pytest_canary.reporting import append_ci_summary, summary_markdown
from pytest_canary.reporting.document import Found
from pytest_canary.reporting.markdown import CUT, LIMIT, fit
from pytest_canary.reporting.words import NONE


def test_a_green_release_in_a_few_lines() -> None:
    lines = summary_markdown(sample("green")).splitlines()
    assert lines[0] == "## ✅ Go: addressbook 1 → 2"
    assert lines[2] == "Errors 0.0 % and 0.0 %, p95 12 ms and 12 ms."
    assert "- 1,295 requests, 0 lost; 259 acknowledged writes, 0 lost, 0 doubled" in lines
    assert "- the canary took 34 % of connections (29 to 39), where its replicas make 33 %" in lines
    assert "- promotion allowed: the branch is master" in lines
    assert "| ✅ | cluster | 14.1 s | image built in 3.2 s; image loaded in 4.1 s |" in lines
    assert not any(line.startswith("###") for line in lines)


def test_a_failure_with_what_was_found() -> None:
    text = summary_markdown(sample("failed"))
    assert text.startswith(
        "## ❌ Failed: addressbook 1 → 2\n\naddressbook-canary exits with code 3"
    )
    assert "Rolled back: 3/3 of release 1, the API answers; 1 acknowledged write is lost." in text
    assert "141 acknowledged writes, 1 lost, 0 doubled" in text
    assert f"| {NONE} | migration |  |  |" in text
    assert "- **likely** the baseline starts with the same settings" in text
    assert "\n```\n2026-11-23T04:27:36Z listening on :3000\n" in text


def test_writes_that_nobody_looked_for_are_not_called_whole() -> None:
    assert "35 acknowledged writes, not read back" in summary_markdown(sample("interrupted"))


def test_an_empty_run_is_no_good_news() -> None:
    text = summary_markdown(sample("empty"))
    assert text == ("## ⏹️ Nothing ran: addressbook\n\nNo stage was walked, so nothing is known.\n")


def test_no_text_is_taken_for_markup() -> None:
    text = summary_markdown(sample("hostile"))
    outside = "".join(text.split("```")[::2])
    assert "<script" not in outside
    assert "<img" not in outside
    assert "&lt;script>alert(1)&lt;/script>" in outside
    assert "\\`&amp;amp;" in outside


def test_evidence_cannot_end_its_block() -> None:
    found = Found(code="A", sentence="it `|` fails", evidence="before\n````\n# after")
    text = summary_markdown(sample("empty").model_copy(update={"findings": (found,)}))
    assert "### It \\`\\|\\` fails.\n" in text
    assert text.endswith("\n`````\nbefore\n````\n# after\n`````\n")


def test_warnings_come_after_what_failed_and_what_is_off_does_not() -> None:
    text = summary_markdown(sample("failed"))
    assert text.endswith(
        "\n### Warnings, which fail nothing\n\n- Container proxy runs proxies.example/proxy, which "
        "may be another image tomorrow; **seen** manifests/deployment.yml:31, rule latest-image; "
        "**next** write a tag that stays, or a digest\n"
    )
    assert "overlapping-selectors" not in text


def test_many_findings_are_told_in_part() -> None:
    many = tuple(Found(code="A", sentence=f"finding {n}") for n in range(13))
    text = summary_markdown(sample("empty").model_copy(update={"findings": many}))
    assert text.count("### ") == 10
    assert text.endswith("*3 more findings are in report.html.*\n")


# The place for it.


def test_it_is_appended_where_the_ci_has_a_place(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_text("before\n")
    assert append_ci_summary("# now\n", {"GITHUB_STEP_SUMMARY": str(place)}) == place
    assert place.read_text() == "before\n# now\n"


@pytest.mark.parametrize("environ", [{}, {"GITHUB_STEP_SUMMARY": ""}, {"GITLAB_CI": "true"}])
def test_elsewhere_nothing_happens(environ: dict[str, str]) -> None:
    assert append_ci_summary("# now\n", environ) is None


def test_the_place_has_a_limit_that_is_kept(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_text("x" * (LIMIT - 500))
    append_ci_summary("line of ten\n" * 100, {"GITHUB_STEP_SUMMARY": str(place)})
    assert LIMIT - 20 < place.stat().st_size <= LIMIT
    assert place.read_text().endswith(CUT)
    assert append_ci_summary("more of it\n", {"GITHUB_STEP_SUMMARY": str(place)}) is None


def test_a_block_that_is_cut_is_closed() -> None:
    text = "# head\n\n```\n" + "evidence\n" * 100 + "```\n"
    kept = fit(text, 300)
    assert len(kept.encode()) <= 300
    assert kept.count("```") == 2
    assert kept.endswith("evidence\n```\n" + CUT)


def test_a_place_that_can_not_be_written_to_is_told(tmp_path: Path) -> None:
    with pytest.raises(CanaryError) as error:
        append_ci_summary("x", {"GITHUB_STEP_SUMMARY": str(tmp_path)})
    assert str(error.value) == (
        f"the summary can't be appended to GITHUB_STEP_SUMMARY: Is a directory: {tmp_path}; "
        "the report has all of it"
    )
