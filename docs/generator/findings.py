"""The codes that findings have beside those of rules, and the errors of which nothing is found."""

from __future__ import annotations

import inspect

from generator.codes import package
from generator.page import PartError, code, shortened, table
from pytest_canary.context import rules
from pytest_canary.core import errors

# What is told where the words are put together in many places.
WORDS = {
    "CanaryUnproven": "the canary is not proven to be as good as the baseline: too little was "
    "asked, or the answers differ too much among themselves",
    "CanaryWorse": "the canary … more than …, and … is too much",
    "CanaryWorseLater": "what CanaryWorse says, found between the verdict and the canary's end",
    "CommandHangs": "`…` in pod … was given up at its deadline of … s: …",
    "CommandNotRun": "`…` in pod … could not run: …",
    "CommandOutputEndless": "`…` in pod … was still printing at its deadline of … s: …",
    "ContainerEnded": "… exits with code 0 …, but a Deployment's container must keep running",
    "ContainerExited": 'exits with code … as soon as it starts: "…"',
    "DeploymentDiffers": "… is not what the transition made it",
    "DownHangs": "the down-migration was given up at its deadline",
    "LoginFailed": "the login to … failed: …",
    "MigrationHangs": "`…` in pod … was given up at its deadline of … s: …",
    "PingHangs": "`…` in pod … was given up at its deadline of … s: …",
    "PullFailed": "the pull of … failed: …",
    "PushFailed": "the push of … failed: …",
}


def part() -> str:
    """A row for each code, with what is told under it; what differs from case to case is "…".

    Raises:
        PartError: of a code nobody says what is told under it.
    """
    ruled, own = rules.levels(), {each.__name__ for each in _errors()}
    rows = []
    for name, sentences in sorted(package().codes().items()):
        if name in ruled:
            continue
        told = [WORDS[name]] if name in WORDS else [shortened(each) for each in sentences]
        if not told and name in own:
            continue  # what is told is the error's own sentence, and has a row there
        if not told:
            raise PartError(
                f"docs/generator/findings.py can't read off what a finding {name} says: add it to "
                "WORDS there"
            )
        rows.append((code(name), "; or ".join(told)))
    return table(("code", "what is told"), rows)


def errors_part() -> str:
    """A row for each error of which no finding is made."""
    rows = [
        (code(each.__name__), inspect.cleandoc(each.__doc__ or "").partition("\n")[0])
        for each in _errors()
    ]
    return table(("error", "what it says"), rows)


def _errors() -> list[type[errors.CanaryError]]:
    found = [
        each
        for each in vars(errors).values()
        if inspect.isclass(each) and issubclass(each, errors.CanaryError)
    ]
    return [each for each in found if each not in (errors.CanaryError, errors.FoundError)]
