"""Rules about pipelines, where one is named; `preflight/reading` has had it all found."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.manifests.documents import Fault
from pytest_canary.preflight.groups import JOBS, PIPELINES, PROMOTIONS
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject


@rule(
    "malformed-pipeline",
    "what its service refuses a pipeline for",
    PIPELINES,
    advice="write what is named as allowed there; the rest of the pipeline runs no sooner",
)
def malformed_pipeline(subject: Subject) -> Iterator[Fault]:
    """Every pipeline fits the schema, and what is asked of it beside that."""
    return subject.of_pipelines("malformed-pipeline")


@rule(
    "missing-pipeline",
    "a promotion to a file that is not there",
    PIPELINES,
    advice="write the file's name as seen from the pipeline's folder, or from `/` in the "
    "repository",
)
def missing_pipeline(subject: Subject) -> Iterator[Fault]:
    """Every promotion leads to a file."""
    return subject.of_pipelines("missing-pipeline")


@rule(
    "undescribed-secret",
    "a secret of a pipeline of which nothing says what it gives",
    JOBS,
    level="warning",
    advice="name its variables and files, never their values, in `[pipeline.secrets.NAME]`",
)
def undescribed_secret(subject: Subject) -> Iterator[Fault]:
    """The settings say of each secret what variables and files it gives."""
    return subject.of_pipelines("undescribed-secret")


@rule(
    "unprovided-variable",
    "a variable that a pipeline's commands use and nothing provides",
    JOBS,
    level="warning",
    advice="write the name that is suggested, or set it in `env_vars` or a secret; where "
    "the machine has it, name it in `pipeline.variables`",
)
def unprovided_variable(subject: Subject) -> Iterator[Fault]:
    """What commands use, something provides: the pipeline, a secret, Semaphore or a command."""
    return subject.of_pipelines("unprovided-variable")


@rule(
    "manual-rollback",
    "a rollback that does not start by itself",
    PROMOTIONS,
    level="warning",
    advice="give the promotion `auto_promote: {when: \"result = 'failed'\"}`",
)
def manual_rollback(subject: Subject) -> Iterator[Fault]:
    """What rolls back starts as soon as its pipeline has failed."""
    return subject.of_pipelines("manual-rollback")


@rule(
    "unequipped-rollback",
    "a rollback pipeline that can't log in to the cluster, as it doesn't install what others do",
    PROMOTIONS,
    level="warning",
    advice="install there what the pipeline before it installs, or let the machine's image have it",
)
def unequipped_rollback(subject: Subject) -> Iterator[Fault]:
    """What rolls back can reach the cluster, as what it takes back did."""
    return subject.of_pipelines("unequipped-rollback")


@rule(
    "misspelt-cache",
    "a build that takes its cache from an image that no pipeline pulls, pushes or names",
    JOBS,
    level="warning",
    advice="write the name that is suggested, or leave `--cache-from` out",
)
def misspelt_cache(subject: Subject) -> Iterator[Fault]:
    """A build's cache is an image that there is."""
    return subject.of_pipelines("misspelt-cache")


@rule(
    "unreachable-condition",
    "a condition of a pipeline that never holds",
    PROMOTIONS,
    level="warning",
    advice="write what is meant; or `false`, where it is never to hold",
)
def unreachable_condition(subject: Subject) -> Iterator[Fault]:
    """Every condition holds for some branch, tag or pull request."""
    return subject.of_pipelines("unreachable-condition")


@rule(
    "misleading-condition",
    "a condition of a pipeline that holds for more, or for less, than it seems to",
    PROMOTIONS,
    level="warning",
    advice="write what is meant: anchor the pattern, set the parentheses, name the result",
)
def misleading_condition(subject: Subject) -> Iterator[Fault]:
    """Every condition says what it seems to."""
    return subject.of_pipelines("misleading-condition")
