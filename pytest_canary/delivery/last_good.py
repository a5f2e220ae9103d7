"""The last good version's own workflow: what the stable pipeline is promoted for once more."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from pytest_canary.jobs.environment import Workflow

# Digits by which pipelines shorten a commit.
_SHORT = (40, 12, 8, 7)


@dataclass(frozen=True)
class LastGood:
    """A workflow that has released the version that was live before.

    Attributes:
        workflow: that one.
        names: what it called its images, by what the candidate's calls them.
    """

    workflow: Workflow
    names: dict[str, str]


@dataclass(frozen=True)
class Recalled:
    """An earlier workflow that can be promoted again, or why not.

    Attributes:
        workflow: that one; None where it can't.
        image: what it called its image.
        why: why it can't; empty where it can.
    """

    workflow: Workflow | None = None
    image: str = ""
    why: str = ""


def last_good(now: Workflow, pushed: Iterable[str], commit: str) -> LastGood:
    """What the candidate's workflow would have been, for the last good version.

    Args:
        now: the candidate's workflow.
        pushed: the names that this has given to the candidate's image.
        commit: the last good version's; empty where nobody knows it.
    """
    then = replace(now, identity=str(uuid.uuid4()), sha=commit or now.sha)
    names = {name: rename_image(name, now, then) for name in pushed}
    return LastGood(then, {name: other for name, other in names.items() if other != name})


def rename_image(name: str, now: Workflow, then: Workflow) -> str:
    """An image's name in another workflow; the same where it has nothing of its workflow."""
    for own, others in _marks(now, then):
        if own != others and own in name:
            return name.replace(own, others)
    return name


def _marks(now: Workflow, then: Workflow) -> Iterator[tuple[str, str]]:
    yield now.identity, then.identity
    for digits in _SHORT:
        yield now.sha[:digits], then.sha[:digits]
