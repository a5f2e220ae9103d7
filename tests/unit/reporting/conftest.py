"""The sample reports' pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import pytest
from fakes.folders import FIXTURES

from pytest_canary.core.errors import CommandError
from pytest_canary.reporting.document import Report
from pytest_canary.reporting.page import html
from pytest_canary.reporting.pictures.drawing import drawn
from pytest_canary.reporting.pictures.frame import Picture

SAMPLES = FIXTURES / "reports"


Drawings = dict[str, dict[tuple[str, str], str]]


@pytest.fixture(scope="session")
def drawings() -> Drawings:
    """The pictures of each sample's page: by the sample, then as `drawn` makes them.

    One program draws them together, as it takes longer to start than to draw all of them.
    """
    made: Drawings = {path.stem: {} for path in sorted(SAMPLES.glob("*.json"))}
    wanted: list[Picture] = []

    for sample in made:

        def note(pictures: list[Picture], sample: str = sample) -> NoReturn:
            wanted.extend(replace(each, key=f"{sample}/{each.key}") for each in pictures)
            raise CommandError("they are only noted")

        html(Report.model_validate_json((SAMPLES / f"{sample}.json").read_text()), note)
    for (key, frame), svg in drawn(wanted).items():
        sample, _, own = key.partition("/")
        made[sample][own, frame] = svg
    return made
