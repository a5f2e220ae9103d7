"""The sample reports."""

from fakes.folders import FIXTURES

from pytest_canary.reporting.document import Report

SAMPLES = FIXTURES / "reports"


def sample(name: str, /, **changes: object) -> Report:
    """The report of fixtures/reports/NAME.json, with changes."""
    found = Report.model_validate_json((SAMPLES / f"{name}.json").read_text())
    return found.model_copy(update=changes)
