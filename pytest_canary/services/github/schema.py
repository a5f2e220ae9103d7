"""What GitHub takes of a workflow, as far as jobs are run here.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-syntax
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

ENV = Entries(Scalar(), r"[A-Za-z_]\w*", "a variable's name in letters, digits and _")
WITH = Entries(Scalar())
NUMBER: Shape = Either({int: Whole(1), str: Text(least=1)})
FLAG: Shape = Either({bool: Boolean(), str: Text(least=1)})
CONDITION: Shape = Either({str: Text(least=1), bool: Boolean(), int: Whole()})
DEFAULTS = Table({"run": Table({"shell": Text(least=1), "working-directory": Text(least=1)})})

STEP = Table(
    {
        "id": Text(least=1),
        "if": CONDITION,
        "name": Scalar(),
        "uses": Text(least=1),
        "run": Text(),
        "shell": Text(least=1),
        "with": WITH,
        "env": ENV,
        "working-directory": Text(least=1),
        "continue-on-error": FLAG,
        "timeout-minutes": NUMBER,
    },
    one_of=("uses", "run"),
)

MATRIX = Either({dict: Entries(Either({list: Anything(), str: Text()})), str: Text()})
STRATEGY = Table({"matrix": MATRIX, "fail-fast": FLAG, "max-parallel": NUMBER})

JOB = Table(
    {
        "name": Scalar(),
        "needs": Either({str: Text(least=1), list: Several(Text(least=1))}),
        "if": CONDITION,
        "runs-on": Anything(),
        "env": ENV,
        "defaults": DEFAULTS,
        "outputs": Entries(Scalar()),
        "steps": Several(STEP, least=1),
        "strategy": STRATEGY,
        "timeout-minutes": NUMBER,
        "continue-on-error": FLAG,
        "uses": Text(least=1),
        "with": Anything(),
        "secrets": Anything(),
        "concurrency": Anything(),
        "container": Anything(),
        "environment": Anything(),
        "permissions": Anything(),
        "services": Anything(),
        "snapshot": Anything(),
    },
    one_of=("steps", "uses"),
)

WORKFLOW = Table(
    {
        "name": Scalar(),
        "run-name": Text(),
        "on": Anything(),
        "env": ENV,
        "defaults": DEFAULTS,
        "permissions": Anything(),
        "concurrency": Anything(),
        "jobs": Entries(
            JOB, r"[A-Za-z_][\w-]*", "a job's name in letters, digits, - and _, not a digit first"
        ),
    },
    required=("on", "jobs"),
)
