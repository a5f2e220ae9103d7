"""All rules, as their modules declare them; in the order in which they are asked."""

from __future__ import annotations

from pytest_canary.core.findings import Level
from pytest_canary.preflight.groups import Group
from pytest_canary.preflight.rule import Rule
from pytest_canary.preflight.rules import (
    availability,
    changes,
    combinations,
    deployments,
    images,
    migration,
    namespaces,
    objects,
    pipelines,
    probes,
    references,
    requests,
    service,
    variables,
)

MODULES = (
    objects,
    combinations,
    variables,
    deployments,
    namespaces,
    service,
    probes,
    references,
    images,
    requests,
    availability,
    migration,
    changes,
    pipelines,
)

RULES: tuple[Rule, ...] = tuple(
    each for module in MODULES for each in vars(module).values() if isinstance(each, Rule)
)


def names(group: Group | None = None, of: str = "") -> tuple[str, ...]:
    """The names of all rules, of one group's, or of those that look at the same."""
    asked = (each for each in RULES if group in (None, each.group))
    return tuple(each.name for each in asked if of in ("", each.group.of))


def levels() -> dict[str, Level]:
    """Every rule's own level, by its name."""
    return {each.name: each.level for each in RULES}
