"""What a rule of the static check is: one function, and one row that declares it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import chain

from pytest_canary.core.findings import Level
from pytest_canary.manifests.documents import Fault
from pytest_canary.preflight.groups import Group
from pytest_canary.preflight.subject import Subject

Search = Callable[[Subject], Iterable[Fault]]


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        name: by which it is told, and its level is set.
        finds: what it finds, as a noun.
        group: the assertion that it belongs to.
        search: a pure function of the subject; its faults need no rule's name. What was told under
            this one already, as files were read, is not its matter.
        advice: what to do about what it finds.
        level: of what it finds, unless the settings have another.
    """

    name: str
    finds: str
    group: Group
    search: Search
    advice: str
    level: Level = "error"

    def faults(self, subject: Subject) -> Iterator[Fault]:
        """What it finds, under its name."""
        for fault in chain(subject.faults_told(self.name), self.search(subject)):
            # What stands beside a variable without a value says nothing of its own.
            if self.group.of == "text" or not subject.unclear(fault):
                yield replace(fault, rule=self.name)


def rule(
    name: str, finds: str, group: Group, *, advice: str, level: Level = "error"
) -> Callable[[Search], Rule]:
    """Declare a rule: `@rule("missing-secret", "a Secret that will not be there", REFERENCES, …)`.

    Args:
        name: by which it is told, and its level is set.
        finds: what it finds, as a noun.
        group: the assertion that it belongs to.
        advice: what to do about what it finds, as docs/rules.md has it.
        level: "error" for what Kubernetes refuses or runs wrong, so that no release comes of it;
            "warning" for what works.
    """

    def declare(search: Search) -> Rule:
        return Rule(name, finds, group, search, advice, level)

    return declare


def told_rule(name: str, finds: str, group: Group, *, advice: str, level: Level = "error") -> Rule:
    """Declare a rule whose faults were all told already, as files were read.

    Args:
        name: by which they are told, and its level is set.
        finds: what it finds, as a noun.
        group: the assertion that it belongs to.
        advice: what to do about what it finds, as docs/rules.md has it.
        level: as `rule` has it.
    """
    return Rule(name, finds, group, lambda _: (), advice, level)
