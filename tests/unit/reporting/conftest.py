"""The sample reports' pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import NoReturn

import pytest
from fakes.reports import SAMPLES, sample

from pytest_canary.core.errors import CommandError
from pytest_canary.reporting.page import html
from pytest_canary.reporting.pictures.drawing import Drawer
from pytest_canary.reporting.pictures.frame import Picture

Drawings = dict[str, dict[tuple[str, str], str]]


@pytest.fixture(scope="session")
def drawings() -> Drawings:
    """The pictures of each sample's page: by the sample, then as a drawer makes them.

    One program draws them together, as it takes longer to start than to draw all of them.
    """
    made: Drawings = {path.stem: {} for path in sorted(SAMPLES.glob("*.json"))}
    wanted: list[Picture] = []

    for name in made:

        def note(pictures: list[Picture], name: str = name) -> NoReturn:
            wanted.extend(replace(each, key=f"{name}/{each.key}") for each in pictures)
            raise CommandError("they are only noted")

        html(sample(name), note)
    for (key, frame), svg in Drawer().draw(wanted).items():
        name, _, own = key.partition("/")
        made[name][own, frame] = svg
    return made
