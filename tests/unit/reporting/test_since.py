"""What has changed since the run before, and from where that is known."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from fakes.reports import sample

from pytest_canary.reporting import last, summary_markdown
from pytest_canary.reporting.document import Found, Report, Stage, Version, Versions
from pytest_canary.reporting.since import Paced, since


def found(sentence: str, stage: str = "", code: str = "A") -> Found:
    return Found(code=code, sentence=sentence, stage=stage)


def test_a_run_that_has_come_right_tells_what_is_gone_and_how_long_it_took() -> None:
    text = summary_markdown(sample("green"), sample("failed"))
    head, gone, *_ = text[text.index("### Since") :].split("- **gone** ")
    assert head == "### Since the last run, 90dd3c of 2026-11-23 04:27\n\n- Failed then, Go now\n"
    assert gone.startswith("addressbook-canary exits with code 3 after some seconds: ")
    assert text.endswith("(latest-image, warning)\n- took 46.3 s in all, 35.7 s then\n")


def test_the_same_again_is_no_news() -> None:
    text = summary_markdown(sample("green"), sample("green", run="aaaaaa"))
    assert (
        "### Since the last run, aaaaaa of 2026-11-23 04:27\n\n"
        "- Go, as it is now\n"
        "- no finding is new, and none is gone\n"
        "- took 46.3 s in all, 46.3 s then\n"
    ) in text


def test_a_finding_is_the_same_though_its_pods_and_figures_are_others() -> None:
    before = sample("empty", findings=(found("pod web-6f8-x2 took 3 s"), found("a"), found("a")))
    now = sample("empty", findings=(found("pod web-9d1-k7 took 12 s"), found("a"), found("b")))
    changed = since(before, now)
    assert [each.sentence for each in changed.new] == ["b"]
    assert [each.sentence for each in changed.gone] == ["a"]


def test_what_is_off_is_neither_new_nor_gone() -> None:
    off = found("a").model_copy(update={"level": "off"})
    changed = since(sample("empty"), sample("empty", findings=(off,)))
    assert changed.new == ()


def test_what_was_not_looked_for_is_not_called_gone() -> None:
    before = sample("empty", findings=(found("a", "preflight"), found("b", "migration")))
    stages = (Stage(name="preflight", result="failed"), Stage(name="migration", result="skipped"))
    now = sample("empty", stages=stages)
    changed = since(before, now)
    assert [each.sentence for each in changed.gone] == ["a"]
    assert "- 1 finding of then not looked for this time\n" in summary_markdown(now, before)


def test_versions_that_have_changed_are_told() -> None:
    def versions(baseline: str, candidate: str) -> Versions:
        return Versions(baseline=Version(version=baseline), candidate=Version(version=candidate))

    before = sample("empty", versions=versions("1", "2"))
    text = summary_markdown(sample("empty", versions=versions("1", "3")), before)
    assert "- candidate 2 then, 3 now\n" in text
    assert "- baseline" not in text


def test_only_a_clear_change_of_time_in_a_stage_that_passed_is_told() -> None:
    def walked(**seconds: float) -> Report:
        stages = [Stage(name=name, result="passed", seconds=each) for name, each in seconds.items()]
        failed = Stage(name="stable", result="failed", seconds=sum(seconds.values()))
        return sample("empty", stages=(*stages, failed))

    before = walked(cluster=40, baseline=2, canary=10, verdict=3)
    now = walked(cluster=45, baseline=2.9, canary=12, verdict=9)
    assert since(before, now).pace == (Paced("verdict", 9, 3), Paced("canary", 12, 10))


def test_no_text_of_the_run_before_is_taken_for_markup() -> None:
    before = sample("empty", run="aaaaaa", findings=(found("<b>|", code="`x`"),))
    assert "- **gone** &lt;b>\\|. (\\`x\\`, error)\n" in summary_markdown(sample("empty"), before)


def test_many_are_told_in_part() -> None:
    now = sample("empty", findings=tuple(found(f"{'x' * n}y") for n in range(13)))
    assert "- 3 more are new\n" in summary_markdown(now, sample("empty"))


# The report of the run before.


def test_the_last_report_is_the_one_that_is_still_there(tmp_path: Path) -> None:
    now = sample("green")
    assert last(tmp_path, now) is None
    (tmp_path / "report.json").write_text(sample("failed").text)
    before = last(tmp_path, now)
    assert before
    assert before.run == "90dd3c"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        sample("failed", name="another").text,
        sample("failed", run="c7f2a1").text,
        sample("failed").text.replace('"format": 1', '"format": 2'),
    ],
    ids=["empty", "none", "another app's", "its own", "another format"],
)
def test_one_that_tells_nothing_of_this_run_is_left_out(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.json").write_text(text)
    assert last(tmp_path, sample("green")) is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere.json").write_text(sample("failed").text)
    (tmp_path / "report.json").symlink_to("elsewhere.json")
    assert last(tmp_path, sample("green")) is None


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "report.json")
    assert last(tmp_path, sample("green")) is None
