"""What is told of how a walk grows."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import growth
import many_requests
import pytest
from runs import Run, RunError

from pytest_canary.traffic.exchange import LOST

SHOP = """
name = "shop"
[commands]
migrate = ["sh", "-c", "echo \\"now\\""]
[replicas]
stable = 5
[pipeline.secrets]
key = { variables = ["A", "B"], when = true }
"""


@pytest.mark.parametrize("name", ["canary.toml", "pyproject.toml"])
def test_a_size_takes_the_place_of_one_table_and_of_no_other(tmp_path: Path, name: str) -> None:
    own = tmp_path / name
    text = SHOP
    if name == "pyproject.toml":
        for table in ("commands", "replicas", "pipeline.secrets"):
            text = text.replace(f"[{table}]", f"[tool.canary.{table}]")
        text = f"[tool.canary]{text}"
    own.write_text(text)
    size = growth.sized("replicas", 30)
    overlaid = tomllib.loads(growth.overlaid(own, size.settings))
    replicas = {"stable": 30, "canary": 1, "stable-during-canary": 29}
    assert overlaid == {**tomllib.loads(SHOP), "replicas": replicas}


def test_what_is_beside_a_walk_is_told_to_what_makes_it() -> None:
    assert growth.sized("rows", 1_000) == growth.Size({}, {"FILL_ROWS": "1000"})
    assert growth.sized("deployments", 50) == growth.Size({}, {"FILL_DEPLOYMENTS": "50"})


def done(peak: int = 0) -> Run:
    return Run(datetime(2026, 11, 29, tzinfo=UTC), 0, [], peak)


def none_beside(number: int) -> tuple[Run, float]:
    raise AssertionError(f"{number} walks side by side are asked for")


def test_walks_side_by_side_are_a_series_too() -> None:
    def none(size: growth.Size) -> tuple[Run, float]:
        raise AssertionError(f"one of {size} is asked for")

    def beside(number: int) -> tuple[Run, float]:
        if number == 4:
            raise RunError("inconclusive")
        return done(150_000_000), 80.0 + 20 * number

    text = "\n".join(growth.told(["walks"], none, beside))
    assert "### Walks\n" in text
    assert "| 1 | 100.0 | 150 |\n| 2 | 120.0 | 150 |\n| 3 | 140.0 | 150 |" in text
    assert "At 4 it fails:\n\n```\ninconclusive\n```" in text


def test_each_step_is_told_so_that_a_growth_beyond_linear_is_seen() -> None:
    def walk(size: growth.Size) -> tuple[Run, float]:
        stable = int(size.settings["replicas"]["stable"])
        return done(100_000_000 + stable * 1_000_000), 40 + stable**2 / 10

    text = "\n".join(growth.told(["replicas"], walk, none_beside))
    assert "| 3 | 40.9 | 103 |\n| 10 | 50.0 | 110 |\n| 30 | 130.0 | 130 |" in text
    assert "from 3 to 10 each costs 1.3 s and 1 MB; from 10 to 30 each costs 4 s and 1 MB." in text
    assert '    x-axis "replicas" ["3", "10", "30"]\n    y-axis "s" 0 --> 143\n' in text
    assert "    line [40.9, 50, 130]\n```" in text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (12, "12 s"),
        (-0.104, "-104 ms"),
        (0.0114, "11.4 ms"),
        (-2e-6, "-2 µs"),
        (3e-12, "0.003 ns"),
        (0, "0 ns"),
    ],
)
def test_small_values_are_told_in_small_units(value: float, shown: str) -> None:
    assert growth.scaled(value, ("s", "ms", "µs", "ns")) == shown


def test_a_walk_that_fails_ends_its_series_and_says_why() -> None:
    made = []

    def walk(size: growth.Size) -> tuple[Run, float]:
        made.append(size)
        if len(made) == 2:
            raise RunError("GET /all takes more than 10 s")
        return done(), 40.0

    text = "\n".join(growth.told(["rows"], walk, none_beside))
    assert len(made) == 2
    assert "| 1,000 | 40.0 | 0 |" in text
    assert "At 10,000 it fails:\n\n```\nGET /all takes more than 10 s\n```" in text
    assert "each costs" not in text


def test_requests_are_measured_in_a_process_of_their_own() -> None:
    run, seconds = growth.requests(1_000)
    assert 0 < seconds < run.seconds
    assert run.peak > 10_000_000


def test_of_many_requests_one_in_a_thousand_is_lost() -> None:
    book = many_requests.ledger(10_000)
    assert len(book) == 10_000
    assert book.count(*LOST) == 10
    assert [phase.stage for phase in book.entered] == list(many_requests.STAGES)
