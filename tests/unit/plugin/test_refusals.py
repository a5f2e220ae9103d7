"""Options of other plugins with which no walk is begun, and how to switch them off."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_canary.plugin.refusals import refusals

ALONE = "a walk goes step by step, in one process; leave it out"
ONCE = "a walk is made once, and what has failed stays failed; leave it out"


def config(ini: dict[str, object] | None = None, /, **given: object) -> Any:
    """pytest's, with other plugins' options and settings."""

    def getini(name: str) -> object:
        if name not in (ini or {}):
            raise ValueError(f"unknown configuration value: {name!r}")
        return (ini or {})[name]

    options = SimpleNamespace(**given)
    return SimpleNamespace(option=options, getini=getini, inipath=Path("/shop/pytest.ini"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"numprocesses": 2, "dist": "load", "tx": ["popen", "popen"]},
            [f"-n 2: {ALONE}, or add -n 0 where addopts has it"],
        ),
        (
            {"dist": "load", "tx": ["2*popen"]},
            [f"--dist=load: {ALONE}, or add --dist=no where addopts has it"],
        ),
        ({"dist": "no", "tx": ["2*popen"]}, [f"--tx=2*popen: {ALONE}"]),
        ({"looponfail": True}, [f"--looponfail: {ALONE}"]),
        ({"forked": True}, [f"--forked: {ALONE}"]),
        ({"reruns": 2}, [f"--reruns=2: {ONCE}, or add --reruns=0 where addopts has it"]),
        ({"force_reruns": 2}, [f"--force-reruns=2: {ONCE}"]),
        ({"retries": 1}, [f"--retries=1: {ONCE}, or add --retries=0 where addopts has it"]),
        ({"force_flaky": True}, [f"--force-flaky: {ONCE}"]),
        (
            {"setupplan": True, "setuponly": True},
            ["--setup-plan: a walk can't be made for show; leave it out"],
        ),
        ({"setuponly": True}, ["--setup-only: a walk can't be made for show; leave it out"]),
    ],
)
def test_an_option_is_refused_in_one_sentence(given: dict[str, object], said: list[str]) -> None:
    assert refusals(config(**given)) == said


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"numprocesses": 0, "dist": "no", "tx": []},
        {"reruns": 0, "retries": 0, "force_flaky": False, "forked": False, "setuponly": False},
    ],
)
def test_options_that_do_nothing_pass(given: dict[str, object]) -> None:
    assert refusals(config({"reruns": None, "retries": 0}, **given)) == []


def test_a_setting_says_how_to_switch_it_off_for_this_run() -> None:
    given = config({"reruns": "2", "retries": "3"}, reruns=None, retries=None)
    why = "(pytest.ini): a walk is made once, and what has failed stays failed"
    assert refusals(given) == [
        f"reruns = 2 {why}; add --reruns=0 to this run",
        f"retries = 3 {why}; add -o retries= to this run",
    ]
    assert refusals(config({"reruns": "2", "retries": ""}, reruns=0, retries=None)) == []
    assert refusals(config({"reruns": "0"}, reruns=None)) == []
