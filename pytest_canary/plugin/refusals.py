"""Other plugins' options that a walk can't have, as each is a way to run it in part or twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

ALONE = "a walk goes step by step, in one process"
ONCE = "a walk is made once, and what has failed stays failed"
REAL = "a walk can't be made for show"


@dataclass(frozen=True)
class Refused:
    """An option that a walk can't have.

    Attributes:
        dest: where pytest keeps its value.
        shown: how one types it, with a place for the value.
        why: what is so about a walk.
        off: what to add where addopts or an ini-file has it.
        ini_off: what to add where an ini-file has it, under the same name; empty where none can.
        harmless: the value that changes nothing, beside none.
    """

    dest: str
    shown: str
    why: str
    off: str = ""
    ini_off: str = ""
    harmless: object = None


REFUSED = (
    Refused("numprocesses", "-n {}", ALONE, "-n 0"),
    Refused("dist", "--dist={}", ALONE, "--dist=no", harmless="no"),
    Refused("tx", "--tx={}", ALONE),
    Refused("looponfail", "--looponfail", ALONE),
    Refused("forked", "--forked", ALONE),
    Refused("reruns", "--reruns={}", ONCE, "--reruns=0", "--reruns=0", harmless="0"),
    Refused("force_reruns", "--force-reruns={}", ONCE),
    Refused("retries", "--retries={}", ONCE, "--retries=0", "-o retries="),
    Refused("force_flaky", "--force-flaky", ONCE),
    Refused("setupplan", "--setup-plan", REAL),
    Refused("setuponly", "--setup-only", REAL),
)


def refusals(config: pytest.Config) -> list[str]:
    """Why a walk isn't begun: a sentence for each such option."""
    found = list(_find(config))
    # One says what the other would: xdist's -n sets --dist and --tx, --setup-plan --setup-only.
    given = {option.dest for option, _ in found}
    implied: set[str] = set()
    implied |= {"dist", "tx"} if "numprocesses" in given else set()
    implied |= {"tx"} if "dist" in given else set()
    implied |= {"setuponly"} if "setupplan" in given else set()
    return [sentence for option, sentence in found if option.dest not in implied]


def _find(config: pytest.Config) -> Iterator[tuple[Refused, str]]:
    for option in REFUSED:
        value = getattr(config.option, option.dest, None)
        if value and value != option.harmless:
            shown = option.shown.format(" ".join(value) if isinstance(value, list) else value)
            off = f", or add {option.off} where addopts has it" if option.off else ""
            yield option, f"{shown}: {option.why}; leave it out{off}"
        elif value is None and option.ini_off:
            setting = _setting(config, option.dest)
            if setting and setting != option.harmless:
                where = config.inipath.name if config.inipath else "-o"
                text = f"{option.dest} = {setting} ({where}): {option.why}"
                yield option, f"{text}; add {option.ini_off} to this run"


def _setting(config: pytest.Config, name: str) -> object:
    """The setting of an installed plugin; nothing where there is no such plugin."""
    try:
        return config.getini(name)
    except ValueError:
        return None
