"""`--canary-doctor`: what a walk needs of this machine, in a table, and an exit code for it."""

from __future__ import annotations

import os

import pytest

from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes
from pytest_canary.core.secret_variables import secrets_of
from pytest_canary.doctor.looking import look
from pytest_canary.doctor.rows import rows
from pytest_canary.doctor.table import conclusion, table
from pytest_canary.plugin import options


def examine(config: pytest.Config) -> int:
    """Look at this machine and tell; 0, or 1 where it lacks what no walk can do without.

    Raises:
        pytest.UsageError: an option is wrong.
    """
    given, mistakes = options.read(vars(config.option))
    if given is None:
        raise pytest.UsageError(*mistakes)
    redactor = Redactor(secrets_of(os.environ))
    found = rows(look(given, Processes(redactor), os.environ))
    print("canary: what a walk needs of this machine, of which nothing is changed\n")
    print(redactor.redact(table(found)))
    print(f"\ncanary: {conclusion(found)}")
    lacking = any(each.state == "lacks" for each in found)
    return pytest.ExitCode.TESTS_FAILED if lacking else pytest.ExitCode.OK
