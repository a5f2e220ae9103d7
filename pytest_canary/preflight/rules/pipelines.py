"""Rules about pipelines, where one is named; `preflight/reading` has had it all found."""

from __future__ import annotations

from pytest_canary.pipelines import faults
from pytest_canary.preflight.groups import JOBS, PIPELINES, PROMOTIONS
from pytest_canary.preflight.rule import told_rule

MALFORMED_PIPELINE = told_rule(
    faults.MALFORMED,
    "what its service refuses a pipeline for",
    PIPELINES,
    advice="write what is named as allowed there; the rest of the pipeline runs no sooner",
)
"""Every pipeline fits the schema, and what is asked of it beside that."""

MISSING_PIPELINE = told_rule(
    faults.MISSING,
    "a promotion to a file that is not there",
    PIPELINES,
    advice="write the file's name as seen from the pipeline's folder, or from `/` in the "
    "repository",
)
"""Every promotion leads to a file."""

UNDESCRIBED_SECRET = told_rule(
    faults.UNDESCRIBED,
    "a secret of a pipeline of which nothing says what it gives",
    JOBS,
    level="warning",
    advice="name its variables and files, never their values, in `[pipeline.secrets.NAME]`",
)
"""The settings say of each secret what variables and files it gives."""

UNPROVIDED_VARIABLE = told_rule(
    faults.UNPROVIDED,
    "a variable that a pipeline's commands use and nothing provides",
    JOBS,
    level="warning",
    advice="write the name that is suggested, or set it in `env_vars` or a secret; where "
    "the machine has it, name it in `pipeline.variables`",
)
"""What commands use, something provides: the pipeline, a secret, Semaphore or a command."""

MANUAL_ROLLBACK = told_rule(
    faults.MANUAL,
    "a rollback that does not start by itself",
    PROMOTIONS,
    level="warning",
    advice="give the promotion `auto_promote: {when: \"result = 'failed'\"}`",
)
"""What rolls back starts as soon as its pipeline has failed."""

UNEQUIPPED_ROLLBACK = told_rule(
    faults.UNEQUIPPED,
    "a rollback pipeline that can't log in to the cluster, as it doesn't install what others do",
    PROMOTIONS,
    level="warning",
    advice="install there what the pipeline before it installs, or let the machine's image have it",
)
"""What rolls back can reach the cluster, as what it takes back did."""

MISSPELT_CACHE = told_rule(
    faults.MISSPELT,
    "a build that takes its cache from an image that no pipeline pulls, pushes or names",
    JOBS,
    level="warning",
    advice="write the name that is suggested, or leave `--cache-from` out",
)
"""A build's cache is an image that there is."""

UNREACHABLE_CONDITION = told_rule(
    faults.UNREACHABLE,
    "a condition of a pipeline that never holds",
    PROMOTIONS,
    level="warning",
    advice="write what is meant; or `false`, where it is never to hold",
)
"""Every condition holds for some branch, tag or pull request."""

MISLEADING_CONDITION = told_rule(
    faults.MISLEADING,
    "a condition of a pipeline that holds for more, or for less, than it seems to",
    PROMOTIONS,
    level="warning",
    advice="write what is meant: anchor the pattern, set the parentheses, name the result",
)
"""Every condition says what it seems to."""
