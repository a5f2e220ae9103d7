"""The rules whose level a project may set, and the level that each has unless it does.

The static check's are declared where they are, in `preflight/rules`; those of a walk, here. Whoever
finds something by one of them hands it to `Journal.tell`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pytest_canary.preflight import ruleset

if TYPE_CHECKING:
    from pytest_canary.config.settings import Settings
    from pytest_canary.core.findings import Finding, Level


@dataclass(frozen=True)
class WalkRule:
    """A rule of a stage of the walk.

    Attributes:
        name: by which it is told, and its level is set.
        finds: what it finds, as a noun.
        stages: where it is told.
        advice: what to do about what it finds.
        level: of what it finds, unless the settings have another.
    """

    name: str
    finds: str
    stages: tuple[str, ...]
    advice: str
    level: Level = "warning"


WALK_RULES = (
    WalkRule(
        "unfailing-apply",
        "an apply script that exits with 0 where kubectl fails",
        stages=("cluster",),
        advice="let it end with kubectl's exit code, as `set -euo pipefail` does, "
        "and with nothing behind it that hides that",
    ),
    WalkRule(
        "left-manifest",
        "an apply script that leaves its rendered file behind where kubectl fails",
        stages=("cluster",),
        advice="remove it however the script ends, as a `trap … EXIT` does, or hand "
        "it to kubectl without a file",
    ),
    WalkRule(
        "printed-secret",
        "a secret that is printed by the apply script, by `ping`, `migrate` or "
        "`down`, by a job of a pipeline, or logged by the candidate's pods",
        stages=("cluster", "canary", "migration", "stable", "rollback"),
        advice="print and log no rendered manifest, no settings and no connection's "
        "URL (`set -x`, `tee`, a debug or echo mode, an error with its "
        "arguments), and change what has been printed",
    ),
    WalkRule(
        "unreachable-go",
        "settings with which no canary can get a go",
        stages=("preflight", "verdict"),
        advice="set `verdict.seconds` or the rate to what is named, or say in "
        "`verdict.errors` or `verdict.confidence` that less proof is enough",
        level="error",
    ),
    WalkRule(
        "unreachable-promotion",
        "a condition of `[promotion]` that never holds",
        stages=("preflight",),
        advice="put right what is named, or the release that passes here is never promoted",
    ),
    WalkRule(
        "misleading-promotion",
        "a condition of `[promotion]` that holds for more, or for less, than it seems to",
        stages=("preflight",),
        advice="write what is meant: anchor the pattern, set the parentheses, name the result",
    ),
    WalkRule(
        "companion-not-ready",
        "another Deployment, a StatefulSet or a DaemonSet of the manifests that does not get ready",
        stages=("baseline", "stable"),
        advice="mend what is said of it, at the line that is named; leave it out of what is "
        "rehearsed where the app can do without, or lower the level",
        level="error",
    ),
    WalkRule(
        "baseline-stops-badly",
        "requests that are lost along with a stopping pod of the live version",
        stages=("canary", "stable"),
        advice="let the app serve on for some seconds after SIGTERM, or give the "
        "container a `preStop` sleep; until that is live, each rollout loses "
        "some",
    ),
    WalkRule(
        "late-endpoints",
        "requests that are lost because the cluster still sent connections to a pod more than 2 s "
        "after the pod was told to end",
        stages=("baseline", "canary", "migration", "verdict", "stable", "rollback"),
        advice="the release needs no change; give the cluster more processor time, and where "
        "production does this too, let the app serve on for longer after SIGTERM",
    ),
    WalkRule(
        "table-rewrite",
        "a table that is written anew, which locks it for longer the more rows it has",
        stages=("migration",),
        advice="add a column of the new type, fill it in batches, and let a later "
        "release use it alone",
    ),
    WalkRule(
        "blocking-index",
        "an index that is made without `CONCURRENTLY`, on a table that was there",
        stages=("migration",),
        advice="`CREATE INDEX CONCURRENTLY`, outside a transaction",
    ),
    WalkRule(
        "validated-constraint",
        "a constraint that is added and validated in one transaction",
        stages=("migration",),
        advice="add the constraint `NOT VALID`, and `VALIDATE` it in another transaction",
    ),
    WalkRule(
        "unfailing-migration",
        "a `migrate` that exits with 0 where the database refuses it",
        stages=("migration",),
        advice="let it exit with another code when it fails; one that catches its "
        "errors has to pass them on",
    ),
    WalkRule(
        "late-failure",
        "a `migrate` that ends long after its last word where the database refuses it",
        stages=("migration",),
        advice="close the connections, or end the process, as soon as it has failed",
    ),
    WalkRule(
        "refused-program",
        "a job of a pipeline that calls what a rehearsal does not run, whatever its exit code",
        stages=("cluster", "migration", "stable", "rollback"),
        advice="allow it in `pipeline.allowed`, or put a program of its name into "
        "the folder of `pipeline.stand-ins`",
        level="error",
    ),
    WalkRule(
        "secret-argument",
        "a job of a pipeline that hands a secret to a program as an argument, which "
        "every process of its machine can read",
        stages=("cluster", "migration", "stable", "rollback"),
        advice="hand it over by standard input, a file or a variable: `docker login "
        "--password-stdin`",
    ),
    WalkRule(
        "incomplete-rollback",
        "a rollback pipeline after which stable still runs what has failed",
        stages=("rollback",),
        advice="let it put the last good image back too, as `kubectl rollout undo` does",
    ),
    WalkRule(
        "unrepeatable-promotion",
        "a stable pipeline that fails where it is promoted again for the last good version",
        stages=("rollback",),
        advice="let it pass where there is no canary to delete, as with "
        "`kubectl delete --ignore-not-found`",
    ),
    WalkRule(
        "unheeded-sigterm",
        "pods of the candidate that are killed, as they don't end when they are told to",
        stages=("stable",),
        advice="handle SIGTERM, or let an init such as tini start the app, and a "
        "shell by `exec`; and end before the grace period is over",
    ),
)


def levels() -> dict[str, Level]:
    """Every rule's own level, by its name."""
    return ruleset.levels() | {each.name: each.level for each in WALK_RULES}


def with_level(finding: Finding, settings: Settings) -> Finding:
    """A finding of a rule's, with the rule's name and its level: the settings', or else its own.

    Raises:
        KeyError: no rule is called as its code says.
    """
    found = settings.findings.get(finding.code)
    seen = ", ".join(filter(None, [finding.seen, f"rule {finding.code}"]))
    if found:
        return replace(finding, level=found.level, why=found.why, seen=seen)
    return replace(finding, level=levels()[finding.code], seen=seen)
