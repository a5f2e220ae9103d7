"""The rules whose level a project may set, and the level that each has unless it does.

The static check's are declared where they are, in `preflight/rules`; those of a walk, here. Whoever
finds something by one of them hands it to `Journal.tell`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_canary.preflight import ruleset

if TYPE_CHECKING:
    from pytest_canary.config.settings import Settings
    from pytest_canary.core.findings import Finding, Level

OF_A_WALK: dict[str, Level] = {
    # Stages cluster and canary: what the project's own apply script does, and how it fails.
    "unfailing-apply": "warning",
    "left-manifest": "warning",
    "printed-secret": "warning",
    # Stages preflight and verdict: a gate that can't open.
    "unreachable-go": "error",
    # Stage preflight: what [promotion] says, and hardly means.
    "unreachable-promotion": "warning",
    "misleading-promotion": "warning",
    # Stages canary and stable: what is lost as the live version stops, which is its own fault.
    "baseline-stops-badly": "warning",
    # Stage migration: statements that need longer the more rows there are, and block meanwhile.
    "table-rewrite": "warning",
    "blocking-index": "warning",
    "validated-constraint": "warning",
    # Stage migration too: how it fails.
    "unfailing-migration": "warning",
    "late-failure": "warning",
    # Where the project's own pipelines make the transitions: what their jobs call.
    "refused-program": "error",
    "secret-argument": "warning",
    "incomplete-rollback": "warning",
    # Stage stable: how the candidate's pods end.
    "unheeded-sigterm": "warning",
}


def levels() -> dict[str, Level]:
    """Every rule's own level, by its name."""
    return ruleset.levels() | OF_A_WALK


def levelled(finding: Finding, settings: Settings) -> Finding:
    """A finding of a rule's, with the rule's name and its level: the settings', or else its own.

    Raises:
        KeyError: no rule is called as its code says.
    """
    found = settings.findings.get(finding.code)
    seen = ", ".join(filter(None, [finding.seen, f"rule {finding.code}"]))
    if found:
        return replace(finding, level=found.level, why=found.why, seen=seen)
    return replace(finding, level=levels()[finding.code], seen=seen)
