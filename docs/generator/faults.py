"""The faults that the walk is tested against, and what it said of each."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from generator.page import shortened, table
from pytest_canary.config.options import STAGES

FAULTS = Path(__file__).parents[2] / "fixtures" / "faults"
# What a ReplicaSet and its pod have behind the Deployment's name, so that no name comes twice.
_SUFFIX = re.compile(r"(?<=-(?:canary|stable)-)[a-z0-9]{6,10}-[a-z0-9]{5}\b")


def part() -> str:
    """A row for each fault, in the order of the stages."""
    head = ("fault", "stage", "what is told", "seconds")
    return table(head, _rows(), numbers=("seconds",))


def _rows() -> Iterator[tuple[str, str, str, str]]:
    # What tests/acceptance/test_faults.py heard of each, by the fault's name.
    told = json.loads((FAULTS / "told.json").read_text(encoding="utf-8"))
    found = {path.stem: tomllib.loads(path.read_text()) for path in FAULTS.glob("*.toml")}
    for name, each in sorted(
        found.items(), key=lambda it: (STAGES.index(it[1]["expect"]["stage"]), it[0])
    ):
        expect = each["expect"]
        heard = told.get(name)
        if heard is None or not _says(heard["sentence"], expect):
            # Not walked since it was written or changed: what the walk has to say, at least.
            sentence, seconds = f"… {' … '.join(word.strip() for word in expect['words'])} …", ""
        else:
            sentence, seconds = heard["sentence"], f"{heard['seconds']:.1f}"
        sentence = shortened(_SUFFIX.sub("…", sentence))
        yield each["fault"], expect["stage"], f"**{expect['code']}**: {sentence}", seconds


def _says(sentence: str, expect: dict[str, Any]) -> bool:
    """Whether a sentence is still one that the fault's file asks for, as far as it is kept."""
    for word in expect["words"]:
        _, found, rest = sentence.partition(word)
        if not found:
            return sentence.endswith("…")
        sentence = rest
    return True
