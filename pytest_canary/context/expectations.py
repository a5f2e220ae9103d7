"""The assertions that stages share: from what was seen to what is wrong with it, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_canary.analysis.statistics import Share, share
from pytest_canary.context.outcomes import CleanupOutcome
from pytest_canary.core.errors import FoundError, ReleaseError
from pytest_canary.core.findings import Finding
from pytest_canary.core.output import excerpt
from pytest_canary.core.wording import first_lines
from pytest_canary.database.schema import count_changes, difference, missing_parts
from pytest_canary.diagnosis.log_lines import quote_line
from pytest_canary.k8s.exec import Exec
from pytest_canary.k8s.rollout import Rollout
from pytest_canary.release.command_ends import meaning_of_code
from pytest_canary.release.migration import Migrated

if TYPE_CHECKING:
    from pytest_canary.context.journal import Journal


def expect_no_findings(findings: Sequence[Finding]) -> None:
    """Raise if there are findings."""
    if findings:
        raise FoundError(findings)


def expect_success(done: Exec | None, code: str = "CommandFails") -> None:
    """A command in a pod exited with 0.

    Args:
        done: how it ended; None where there is none to run.
        code: the finding's.
    """
    if done and done.code != 0:
        raise FoundError(
            [
                Finding(
                    code=code,
                    sentence=f"`{done.command}` in pod {done.pod} exits with code {done.code}"
                    f"{quote_line(done.output)}",
                    evidence=excerpt(done.output),
                    likely=meaning_of_code(done.code),
                )
            ]
        )


def expect_migrated(done: Migrated) -> None:
    """A migration made the schema that it makes on an empty database; exit code 0 says little."""
    command, code = done.migrate.command, done.migrate.code
    if not done.after:
        raise _migration(
            "MigrationDoesNothing",
            f"`{command}` exits with code {code} but the database has no table",
            "let it fail when it does nothing, and see that it uses DB_SCHEMA",
            excerpt(done.migrate.output),
        )
    if done.fresh is None:
        return
    if not done.fresh:
        raise _migration(
            "MigrationDoesNothing",
            f"`{command}` exits with 0 on an empty database but makes no table there",
            "let it fail when it does nothing, and see that it uses DB_SCHEMA",
            excerpt(done.migrate.output),
        )
    absent = missing_parts(done.fresh, done.after)
    if absent:
        same = done.before == done.after
        raise _migration(
            "MigrationDoesNothing" if same else "MigrationIncomplete",
            f"`{command}` exits with code {code} but leaves out {len(absent)} of what it makes on "
            "an empty database",
            "see why it stops there without failing",
            "\n".join(
                ["missing:", first_lines(absent), "", "its output:", excerpt(done.migrate.output)]
            ),
            "it has changed nothing at all" if same else f"it has changed {done.counts}",
        )


def expect_taken_down(down: Migrated, up: Migrated) -> None:
    """A down-migration left the schema as it was before the migration."""
    changed = difference(up.before, down.after)
    if changed:
        nothing = down.before == down.after
        raise _migration(
            "DownDoesNothing" if nothing else "DownIncomplete",
            f"`{down.migrate.command}` exits with code {down.migrate.code} but the schema "
            f"differs from the one before the migration: {count_changes(up.before, down.after)}",
            "see what the migration does that it does not undo",
            "\n".join([first_lines(changed), "", "its output:", excerpt(down.migrate.output)]),
            "it has changed nothing at all" if nothing else f"it has changed {down.counts}",
        )


def _migration(code: str, what: str, advice: str, evidence: str, seen: str = "") -> FoundError:
    sentence = f"{what}; {advice}"
    return FoundError([Finding(code, sentence, seen=seen, evidence=evidence)])


def expect_only(sample: Counter[str], version: str) -> None:
    """Every connection was answered by this version."""
    others = {other: times for other, times in sample.items() if other != version}
    if others:
        answered = ", ".join(f"{other} ({times})" for other, times in sorted(others.items()))
        raise ReleaseError(
            f"not only version {version} answers: of {sample.total()} connections some went to "
            f"{answered}; an old pod still gets traffic"
        )


def expect_both(sample: Counter[str], versions: Mapping[str, str]) -> None:
    """Both versions answered, and no other."""
    names = expect_distinct(versions)
    answered = ", ".join(f"{v} ({n})" for v, n in sorted(sample.items()))
    silent = sorted(names - set(sample))
    if silent:
        raise ReleaseError(
            f"version {silent[0]} answered none of {sample.total()} connections; "
            f"answered by {answered or 'nobody'}; see whether the Service selects its pods"
        )
    if set(sample) - names:
        raise ReleaseError(
            f"others than the versions {' and '.join(sorted(names))} answer: {answered}; "
            "see which pods the Service selects"
        )


# What each version's pods are called while both are there.
TRACKS = {"candidate": "canary pods", "baseline": "stable pods"}


def expect_only_reached(sample: Counter[str], title: str) -> None:
    """Every connection went to a pod of this version, as the node counts them.

    Args:
        sample: connections, by the version's title or whom else they went to.
        title: "candidate" or "baseline".
    """
    others = {other: times for other, times in sample.items() if other != title}
    if others:
        went = ", ".join(f"{other} ({times})" for other, times in sorted(others.items()))
        raise ReleaseError(
            f"not only pods of the {title} get connections: {sum(others.values())} of "
            f"{sample.total()} went to {went}; an old pod still gets traffic"
        )


def expect_both_reached(sample: Counter[str]) -> None:
    """Connections went to canary pods and to stable ones, and to no other, as the node counts them.

    Args:
        sample: connections, by the version's title or whom else they went to.
    """
    went = ", ".join(f"{TRACKS.get(who, who)} ({n})" for who, n in sorted(sample.items()))
    idle = [pods for title, pods in TRACKS.items() if not sample[title]]
    if idle:
        raise ReleaseError(
            f"none of {sample.total()} connections went to {idle[0]}; they went to {went}; "
            "see whether the Service selects its pods"
        )
    if set(sample) - set(TRACKS):
        raise ReleaseError(
            f"others than canary and stable pods get connections: {sample.total()} went to {went}; "
            "see which pods the Service selects"
        )


def expect_distinct(versions: Mapping[str, str]) -> set[str]:
    """The two versions' names, which must differ or nobody can tell who answered."""
    names = set(versions.values())
    if len(names) < 2:
        raise ReleaseError(
            "candidate and baseline both say that they are version "
            f"{', '.join(names) or '(none)'}; "
            "build the version into each image, as api.version-header is to tell them apart"
        )
    return names


def expect_fair_share(
    sample: Counter[str], version: str, replicas: int, total: int, counted: str = ""
) -> Share:
    """A version's share of the connections is what its replicas make of the total.

    Args:
        sample: connections, by whom they went to.
        version: the canary's.
        replicas: its.
        total: all.
        counted: what is to be said beside the share.
    """
    found = share(sample[version], sample.total())
    expected = replicas / total
    if not found.holds(expected):
        raise ReleaseError(
            f"the canary takes {found.text}{counted}, where {replicas} of {total} replicas make "
            f"{expected * 100:.0f} %; see the Service's sessionAffinity, and which pods it selects"
        )
    return found


def expect_whole_rollout(rollouts: Sequence[Rollout], replicas: int) -> str:
    """The rollout was seen going to all its replicas, from none of the new version.

    Args:
        rollouts: how the Deployment stood before, and every change.
        replicas: how many it is to have.

    Returns:
        The steps: "0/3, 2/3, 3/3".
    """
    changes = rollouts[1:]
    steps: list[int] = []
    for rollout in changes:
        if not steps or steps[-1] != rollout.fresh:
            steps.append(rollout.fresh)
    shown = ", ".join(f"{step}/{replicas}" for step in steps)
    if not changes or not changes[-1].done or changes[-1].wanted != replicas:
        last = changes[-1].text if changes else "no rollout at all"
        raise ReleaseError(
            f"the rollout to {replicas} replicas was not seen to end: {last}; "
            "see what else changes the Deployment",
            shown,
        )
    if min(steps) > 0:
        raise ReleaseError(
            f"the promotion rolled nothing out: {min(steps)} of its pods ran this image before; "
            "see that apply.sh puts the image into the template, and that the image is a new one",
            shown,
        )
    return shown


def expect_availability(rollouts: Sequence[Rollout]) -> int:
    """At no moment did a rollout take more replicas away than its strategy allows.

    One that starts with fewer than the strategy's least, as it scales up at the same time, may
    stay there, but not fall. No strategy allows to delete it, or to scale it to 0: the one that it
    had then counts.

    Args:
        rollouts: how the Deployment stood before, and every change.

    Returns:
        The lowest number of available replicas seen.
    """
    if len(rollouts) < 2:
        raise ReleaseError(
            "no rollout was seen, so nothing is known of its availability; "
            "see that apply.sh changes the Deployment"
        )
    most, before, why = 0, rollouts[0], "pods went before others were ready"
    for rollout in rollouts:
        most = max(most, rollout.available)
        if rollout.wanted:
            before = rollout
        elif most:
            why = "it was deleted or scaled to 0 on the way; let apply.sh change it as it stands"
        if rollout.available < min(before.least_available, most):
            raise ReleaseError(
                f"{rollout.name} fell to {rollout.available} available replicas, where its "
                f"strategy allows {before.least_available} of {before.wanted}; {why}"
            )
    return min(rollout.available for rollout in rollouts)


def expect_complete(missing: Sequence[str], total: int, where: str = "the Service") -> None:
    """Every acknowledged row is there."""
    if missing:
        raise ReleaseError(
            f"{len(missing)} of {total} acknowledged writes can't be read back from {where}; the "
            f"first: {missing[0]}; look for a write that is acknowledged before it is stored, "
            "for a read that leaves it out, and for what has removed or doubled it since",
            first_lines(missing),
        )
    if not total:
        raise ReleaseError(
            "nothing was written, so nothing can be said about the data; "
            "leave the checks that write in the run"
        )


def expect_none_left(journal: Journal, kind: str) -> None:
    """Nothing of a kind is left; where there was none, that is known too."""
    left = journal.outcome(CleanupOutcome).left.get(kind)
    if left:
        names = ", ".join(str(each) for each in left)
        raise ReleaseError(
            f"run {journal.run} left {kind}: {names}; `pytest --canary-reap` removes them"
        )
