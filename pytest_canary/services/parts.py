"""One file's jobs in four parts, as a release goes: built, canary, stable, taken back; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pytest_canary.jobs.definition import Block, Definition
from pytest_canary.pipelines.roles import Role
from pytest_canary.pipelines.service_roles import NamedRole


def parts(
    definition: Definition, named: Mapping[NamedRole, tuple[str, ...]]
) -> dict[Role, Definition]:
    """Tell which jobs are run when, by what waits for what.

    What waits for a named job goes with it, unless it goes with a later one; all else builds.

    Args:
        definition: all jobs, each a block of its own.
        named: by role, the jobs with which it begins.

    Returns:
        By role, its jobs; of what they wait for, only what is among them.
    """
    rollback = _with_what_waits(definition.blocks, named["rollback"])
    stable = _with_what_waits(definition.blocks, named["stable"]) - rollback
    canary = _with_what_waits(definition.blocks, named["canary"]) - rollback - stable
    names = {each.name for each in definition.blocks}
    by_role: dict[Role, set[str]] = {
        "build": names - canary - stable - rollback,
        "canary": canary,
        "stable": stable,
        "rollback": rollback,
    }
    return {role: _part(definition, own) for role, own in by_role.items()}


def _with_what_waits(blocks: Iterable[Block], names: Iterable[str]) -> set[str]:
    found, last = set(names), 0
    while len(found) > last:
        last = len(found)
        found |= {each.name for each in blocks if found & {*each.dependencies}}
    return found


def _part(definition: Definition, own: set[str]) -> Definition:
    blocks = tuple(
        replace(each, dependencies=tuple(name for name in each.dependencies if name in own))
        for each in definition.blocks
        if each.name in own
    )
    return replace(definition, blocks=blocks)
