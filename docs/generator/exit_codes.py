"""The exit codes: pytest's own, and those of signals."""

from __future__ import annotations

import signal

import pytest

from generator.page import PartError, table

MEANING = {
    "OK": "every check that was made holds, and nothing is left but what was to be kept; "
    "`--canary-check` found no error; `--canary-init` wrote settings that pass the check; "
    "`--canary-doctor` found all that a walk needs",
    "TESTS_FAILED": "a check failed, or the rollback or the cleanup did; "
    "`--canary-check` found an error; the settings of `--canary-init` don't pass it yet; "
    "`--canary-doctor` found that no walk can be made here",
    "INTERRUPTED": "Ctrl-C; what the run made is removed",
    "INTERNAL_ERROR": "an error inside pytest or a plugin; what the run made is removed",
    "USAGE_ERROR": "an option or a setting is wrong, or what was asked for would "
    "overwrite something of yours; each mistake is named, and nothing was started",
    "NO_TESTS_COLLECTED": "no check was chosen, as with a `-k` that fits none",
    "MAX_WARNINGS_ERROR": "more warnings than pytest's own `--max-warnings` allows",
}
_SIGNALS = (signal.SIGHUP, signal.SIGTERM)


def part() -> str:
    """A row for each code.

    Raises:
        PartError: pytest has one of which nothing is said.
    """
    for each in pytest.ExitCode:
        if each.name not in MEANING:
            raise PartError(f"docs/generator/exit_codes.py says nothing of pytest's {each.name}")
    rows = [(str(int(each)), MEANING[each.name]) for each in pytest.ExitCode]
    rows += [
        (str(128 + each), f"{each.name}; what the run made is removed") for each in sorted(_SIGNALS)
    ]
    return table(("exit code", "when"), rows, numbers=("exit code",))
