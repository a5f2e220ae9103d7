"""The schema of a pipeline, v1.0, as Semaphore has it.

https://docs.semaphoreci.com/reference/pipeline-yaml, and what
https://github.com/semaphoreio/semaphore enforces in `plumber/spec/priv/v1.0.yml`.
"""

from __future__ import annotations

from pytest_canary.pipelines.shapes import (
    Boolean,
    ByKeys,
    Condition,
    Either,
    Several,
    Shape,
    Table,
    Text,
    Variables,
    Whole,
)

NAME = Text(least=1)
TEXTS = Several(Text())


def _when(*, in_promotion: bool = False) -> Shape:
    return Either({str: Condition(in_promotion), bool: Boolean()})


def _conditional(*, in_promotion: bool = False) -> Table:
    return Table({"when": _when(in_promotion=in_promotion)}, required=("when",))


WHEN = _conditional()
TIME_LIMIT = Table(
    {"minutes": Whole(least=1), "hours": Whole(least=1)},
    one_of=("minutes", "hours"),
)
PARTIAL_RERUN = Text(among=("jobs", "block"))
ENV_VAR = Table({"name": Text(), "value": Text()}, required=("name", "value"))
ENV_VARS = Several(ENV_VAR, most=10_000)
SECRETS = Several(
    Table({"name": Text(), "env_var_names": TEXTS, "config_file_paths": TEXTS}, required=("name",))
)
COMMANDS = Table({"commands": TEXTS, "commands_file": Text()}, one_of=("commands", "commands_file"))
ENDS = ("always", "on_pass", "on_fail")
EPILOGUE = ByKeys(Table(dict.fromkeys(ENDS, COMMANDS), some_of=ENDS), COMMANDS)
PRIORITY = Several(
    Table({"value": Whole(0, 100), "when": _when()}, required=("value", "when")),
)
FAIL_FAST = Table({"cancel": WHEN, "stop": WHEN}, some_of=("stop", "cancel"))
AUTO_CANCEL = Table({"queued": WHEN, "running": WHEN}, some_of=("queued", "running"))

AGENT = Table(
    {
        "machine": Table({"type": NAME, "os_image": Text()}, required=("type",)),
        "containers": Several(
            Table(
                {
                    **dict.fromkeys(("name", "image", "command", "entrypoint", "user"), Text()),
                    "env_vars": ENV_VARS,
                    "secrets": SECRETS,
                },
                required=("name", "image"),
            )
        ),
        "image_pull_secrets": Several(Table({"name": Text()}, required=("name",))),
    },
    required=("machine",),
)

JOB = Table(
    {
        "name": NAME,
        "commands": TEXTS,
        "commands_file": Text(),
        "priority": PRIORITY,
        "parallelism": Either({int: Whole(1, 50), str: Text(computed=True)}),
        "matrix": Several(
            Table(
                {
                    "env_var": NAME,
                    "values": Either({list: Several(Text(), least=1), str: Text(computed=True)}),
                },
                required=("env_var", "values"),
            )
        ),
        "env_vars": ENV_VARS,
        "oidc_tokens": Variables(
            Table({"aud": Either({str: NAME, list: Several(NAME, least=1)})}, required=("aud",)),
            reserved="SEMAPHORE_OIDC_TOKEN",
        ),
        "execution_time_limit": TIME_LIMIT,
    },
    one_of=("commands", "commands_file"),
    at_most_one=("matrix", "parallelism"),
)
BOOSTER = Table(
    {"name": Text(), "type": Text(among=("rspec", "cucumber")), "job_count": Whole()},
    required=("type", "job_count"),
)
TASK = Table(
    {
        "jobs": Several(JOB, least=1, most=50),
        "boosters": Several(BOOSTER),
        "agent": AGENT,
        "prologue": COMMANDS,
        "epilogue": EPILOGUE,
        "secrets": SECRETS,
        "env_vars": ENV_VARS,
        "fail_fast": FAIL_FAST,
    },
    some_of=("jobs", "boosters"),
)
FILTER = Table(
    {"label": NAME, "label_pattern": NAME, "action": Text(among=("skip", "execute"))},
    one_of=("label", "label_pattern"),
)
BLOCK = Table(
    {
        "name": NAME,
        "dependencies": TEXTS,
        "execution_time_limit": TIME_LIMIT,
        "filters": Several(FILTER),
        "skip": WHEN,
        "run": WHEN,
        "task": TASK,
        "task_file": Text(),
        "partial_rerun": PARTIAL_RERUN,
    },
    one_of=("task", "task_file"),
    at_most_one=("run", "skip", "filters"),
)

PARAMETER = Table(
    {
        "name": Text(),
        "options": TEXTS,
        "required": Boolean(),
        "default_value": Text(),
        "description": Text(),
    },
    required=("name",),
)
AUTO_PROMOTE_ON = Table(
    {
        "result": Text(),
        "result_reason": Text(),
        **dict.fromkeys(("branch", "labels", "label_patterns"), TEXTS),
    },
    required=("result",),
    at_most_one=("branch", "labels", "label_patterns"),
)
PROMOTION = Table(
    {
        "name": NAME,
        "pipeline_file": Text(),
        "deployment_target": NAME,
        "auto_promote_on": Several(AUTO_PROMOTE_ON),
        "auto_promote": _conditional(in_promotion=True),
        "parameters": Table({"env_vars": Several(PARAMETER)}, required=("env_vars",)),
    },
    required=("name", "pipeline_file"),
)

QUEUE = Table(
    {
        "name": NAME,
        "scope": Text(among=("project", "organization")),
        "processing": Text(among=("serialized", "parallel")),
        "when": _when(),
    },
    some_of=("name", "processing"),
)
JOBS_CONFIG = ("prologue", "epilogue", "secrets", "env_vars", "priority")
PIPELINE = Table(
    {
        "version": Text(among=("v1.0",)),
        "name": Text(),
        "agent": AGENT,
        "blocks": Several(BLOCK, least=1, most=300),
        "after_pipeline": Table({"task": TASK, "task_file": Text()}, one_of=("task", "task_file")),
        "promotions": Several(PROMOTION, least=1),
        "execution_time_limit": TIME_LIMIT,
        "global_job_config": Table(
            {
                "prologue": COMMANDS,
                "epilogue": EPILOGUE,
                "secrets": SECRETS,
                "env_vars": ENV_VARS,
                "priority": PRIORITY,
            },
            some_of=JOBS_CONFIG,
        ),
        "fail_fast": FAIL_FAST,
        "auto_cancel": AUTO_CANCEL,
        "queue": Either({dict: QUEUE, list: Several(QUEUE, least=1)}),
        "partial_rerun": PARTIAL_RERUN,
    },
    required=("version", "agent", "blocks"),
)
