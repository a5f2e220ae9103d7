"""The figures as JUnit's properties."""

from fakes.reports import sample

from pytest_canary.reporting import junit_properties


def properties(name: str) -> dict[str, str]:
    report = sample(name)
    return dict(junit_properties(report))


def test_a_report_has_its_figures_as_plain_numbers() -> None:
    found = properties("green")
    wanted = {
        "canary.run": "c7f2a1",
        "canary.answer": "go",
        "canary.seconds": "46.3",
        "canary.version.baseline": "1",
        "canary.version.candidate": "2",
        "canary.stage.cluster.seconds": "14.1",
        "canary.requests.sent": "1295",
        "canary.requests.lost": "0",
        "canary.writes.acknowledged": "259",
        "canary.writes.lost": "0",
        "canary.share": "0.34",
        "canary.share.expected": "0.333333",
        "canary.latency.difference": "0.0002",
        "canary.latency.answer": "go",
        "canary.available.promote": "2",
        "canary.available.promote-the-last-good": "2",
        "canary.promotion.allowed": "true",
    }
    assert wanted.items() <= found.items()


def test_a_failure_names_its_findings_and_only_stages_that_were_entered() -> None:
    found = properties("failed")
    assert found["canary.answer"] == "failed"
    assert found["canary.findings"] == "ContainerExits, LostWrite"
    assert found["canary.warnings"] == "latest-image"
    assert found["canary.writes.lost"] == "1"
    assert "canary.stage.canary.seconds" in found
    assert "canary.stage.verdict.seconds" not in found


def test_writes_that_nobody_looked_for_are_not_counted_as_kept() -> None:
    assert "canary.writes.lost" not in properties("interrupted")


def test_what_a_run_does_not_have_is_no_property() -> None:
    assert properties("empty") == {
        "canary.run": "ffffff",
        "canary.answer": "nothing ran",
        "canary.seconds": "0",
    }


def test_a_stage_has_its_name_and_figures() -> None:
    report = sample("green")
    (canary,) = (stage for stage in report.stages if stage.name == "canary")
    assert junit_properties(canary) == [
        ("canary.stage", "canary"),
        ("canary.figures", "1 + 2; the canary takes 34 % of connections (29 to 39)"),
    ]
