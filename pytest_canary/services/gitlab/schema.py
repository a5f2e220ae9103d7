"""What GitLab takes of a pipeline's file, as far as jobs are run here.

https://docs.gitlab.com/ci/yaml/
"""

from __future__ import annotations

from pytest_canary.pipelines.shapes import (
    Anything,
    Boolean,
    Either,
    Entries,
    Scalar,
    Several,
    Shape,
    Table,
    Text,
    Whole,
)

LINES: Shape = Either({str: Text(), list: Several(Either({str: Text(), list: Several(Text())}))})
VARIABLES = Entries(
    Either(
        {
            dict: Table(
                {
                    "value": Scalar(),
                    "description": Text(),
                    "options": Anything(),
                    "expand": Boolean(),
                }
            ),
            **dict.fromkeys((str, int, float, bool, type(None)), Scalar()),
        }
    ),
    r"\w+",
    "a variable's name in letters, digits and _",
)
NAMES: Shape = Either({str: Text(least=1), list: Several(Text(least=1))})
ALLOW_FAILURE: Shape = Either(
    {
        bool: Boolean(),
        dict: Table({"exit_codes": Either({int: Whole(), list: Several(Whole())})}),
    }
)
WHEN = Text(among=("on_success", "on_failure", "always", "manual", "delayed", "never"))
RULE = Table(
    {
        "if": Text(least=1),
        "when": WHEN,
        "allow_failure": ALLOW_FAILURE,
        "variables": VARIABLES,
        "needs": Anything(),
        "start_in": Text(),
        "changes": Anything(),
        "exists": Anything(),
        "interruptible": Anything(),
    }
)
NEED = Either(
    {
        str: Text(least=1),
        dict: Table(
            {
                "job": Text(least=1),
                "optional": Boolean(),
                "artifacts": Boolean(),
                **dict.fromkeys(("parallel", "pipeline", "project", "ref"), Anything()),
            }
        ),
    }
)

# What says nothing of what a job runs, or of when; images, services and artifacts among it.
_LEFT_ALONE = (
    "artifacts",
    "cache",
    "coverage",
    "dependencies",
    "environment",
    "id_tokens",
    "identity",
    "image",
    "interruptible",
    "manual_confirmation",
    "pages",
    "publish",
    "release",
    "resource_group",
    "retry",
    "secrets",
    "services",
    "start_in",
    "tags",
)
NOT_TAKEN = ("except", "hooks", "inherit", "only", "parallel", "run", "trigger")
"""What changes what a job runs, or when, and is not done here."""

JOB = Table(
    {
        "script": LINES,
        "before_script": LINES,
        "after_script": LINES,
        "stage": Text(least=1),
        "extends": NAMES,
        "variables": VARIABLES,
        "rules": Several(Either({dict: RULE, list: Several(RULE)})),
        "needs": Several(NEED),
        "when": WHEN,
        "allow_failure": ALLOW_FAILURE,
        "timeout": Text(least=1),
        **dict.fromkeys((*_LEFT_ALONE, *NOT_TAKEN), Anything()),
    }
)
DEFAULT = Table(
    {
        "before_script": LINES,
        "after_script": LINES,
        "timeout": Text(least=1),
        **dict.fromkeys((*_LEFT_ALONE, "hooks"), Anything()),
    }
)
OF_ALL = ("after_script", "before_script", "cache", "image", "services")
"""Keys of the file that go for each job that has none of its own, as those of `default` do."""

FILE: dict[str, Shape] = {
    "default": DEFAULT,
    "stages": Several(Text(least=1)),
    "variables": VARIABLES,
    **dict.fromkeys(("include", "workflow", "spec"), Anything()),
    "before_script": LINES,
    "after_script": LINES,
    **dict.fromkeys(("image", "services", "cache"), Anything()),
}
"""The keys of a file that are no jobs."""
