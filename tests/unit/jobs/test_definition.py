"""What a pipeline says in several places is put together as Semaphore does it."""

import pytest
from fakes.jobs import defined

from pytest_canary.core.errors import SettingsError
from pytest_canary.jobs.definition import FailFast

GLOBAL = """
global_job_config:
  prologue: {commands: [global before]}
  epilogue: {always: {commands: [global always]}, on_fail: {commands: [global fail]}}
  env_vars: [{name: A, value: global}, {name: B, value: global}, {name: C, value: global}]
  secrets: [{name: shared}]
blocks:
  - name: Build
    task:
      prologue: {commands_file: before.sh}
      epilogue: {commands: [task always]}
      env_vars: [{name: B, value: task}, {name: C, value: task}]
      secrets: [{name: own}]
      jobs:
        - {name: image, commands: [build, push], env_vars: [{name: C, value: job}]}
after_pipeline:
  task: {jobs: [{commands: [publish]}]}
"""


def test_a_job_has_the_pipelines_configuration_and_its_tasks_around_its_own() -> None:
    definition = defined(GLOBAL, {"before.sh": "\n  task before \n\nmore\n"})
    [job] = definition.blocks[0].jobs
    assert job.prologue == ("global before", "task before", "", "more")
    assert job.commands == ("build", "push")
    assert job.always == ("task always", "global always")
    assert (job.on_pass, job.on_fail) == ((), ("global fail",))
    assert [job.variables[name] for name in "ABC"] == ["global", "task", "job"]
    assert job.variables["SEMAPHORE_AGENT_MACHINE_TYPE"] == "e1-standard-2"
    assert job.secrets == ("shared", "own")


def test_the_jobs_after_a_pipeline_have_nothing_of_its_configuration() -> None:
    [job] = defined(GLOBAL, {"before.sh": "x"}).after
    assert (job.name, job.commands) == ("Nameless 1", ("publish",))
    assert (job.prologue, job.always, job.secrets) == ((), (), ())


BLOCKS = """
blocks:
  - {name: A, task: {jobs: [{commands: [a]}]}}
  - {task: {jobs: [{commands: [b]}]}}
  - {name: C, task: {jobs: [{commands: [c]}]}, skip: {when: "branch = 'x'"}}
"""


def test_a_block_waits_for_the_one_before_where_none_has_dependencies() -> None:
    blocks = defined(BLOCKS).blocks
    assert [(each.name, each.dependencies) for each in blocks] == [
        ("A", ()),
        ("Nameless block 2", ("A",)),
        ("C", ("Nameless block 2",)),
    ]
    assert [each.skip for each in blocks] == [False, False, "branch = 'x'"]


def test_a_block_waits_for_what_it_names_where_any_does() -> None:
    definition = defined("""
    fail_fast: {cancel: {when: true}}
    execution_time_limit: {hours: 2}
    blocks:
      - {name: A, dependencies: [B], task: {jobs: [{commands: [a]}]}}
      - name: B
        dependencies: []
        execution_time_limit: {minutes: 9}
        task:
          fail_fast: {stop: {when: "branch = 'x'"}}
          jobs: [{commands: [b], execution_time_limit: {minutes: 5}}]
    """)
    assert [each.dependencies for each in definition.blocks] == [("B",), ()]
    assert definition.fail_fast == FailFast(cancel=True)
    assert [each.fail_fast for each in definition.blocks] == [None, FailFast("branch = 'x'")]
    assert definition.minutes == 120
    assert [each.minutes for each in definition.blocks] == [None, 9]
    assert definition.blocks[1].jobs[0].minutes == 5


def test_a_job_of_a_matrix_is_one_for_each_combination() -> None:
    [block] = defined("""
    blocks:
      - name: Tests
        task:
          jobs:
            - name: unit
              commands: [test]
              matrix: [{env_var: OS, values: [a, b]}, {env_var: NODE, values: ["20", "22"]}]
            - {name: part, commands: [test], parallelism: 2}
    """).blocks
    assert [each.name for each in block.jobs] == [
        "unit - OS=a, NODE=20",
        "unit - OS=a, NODE=22",
        "unit - OS=b, NODE=20",
        "unit - OS=b, NODE=22",
        "part - 1/2",
        "part - 2/2",
    ]
    assert block.jobs[2].variables["OS"] == "b"
    last = block.jobs[-1].variables
    assert (last["SEMAPHORE_JOB_INDEX"], last["SEMAPHORE_JOB_COUNT"]) == ("2", "2")


def test_a_parameters_text_stands_where_it_is_named() -> None:
    text = """
    blocks:
      - name: "to ${{parameters.WHERE}}"
        run: {when: "'${{ parameters.DEPLOY }}' = 'true'"}
        task: {jobs: [{commands: ["go ${{parameters.WHERE}}${{parameters.NONE}}"]}]}
    """
    [block] = defined(text, DEPLOY="true", WHERE="eu").blocks
    assert (block.name, block.run) == ("to eu", "'true' = 'true'")
    assert block.jobs[0].commands == ("go eu",)


A = "{name: A, task: {jobs: [{commands: [a]}]}}"


@pytest.mark.parametrize(
    ("block", "files", "sentence"),
    [
        (
            "{name: A, task_file: a.yml}",
            {"a.yml": "jobs: [{commands: [a]}]"},
            "block A: a task in another file can't be rehearsed; write it into the pipeline",
        ),
        (
            "{name: A, task: {boosters: [{type: rspec, job_count: 2}]}}",
            {},
            "block A: boosters can't be rehearsed; write them as jobs",
        ),
        (
            "{name: A, filters: [{label: x}], task: {jobs: [{commands: [a]}]}}",
            {},
            "block A: filters can't be rehearsed; write them as skip or run",
        ),
        (
            "{name: A, task: {jobs: [{name: b, commands: [a], parallelism: '%{{4}}'}]}}",
            {},
            "block A, job b: %{{4}} is filled in by Semaphore alone; write what it comes to",
        ),
        (
            A.replace("A", "'A${{parameters.X}}'") + f"\n  - {A}",
            {},
            "two blocks are called A; give each a name of its own",
        ),
    ],
)
def test_what_cant_be_rehearsed_is_told(block: str, files: dict[str, str], sentence: str) -> None:
    with pytest.raises(SettingsError) as raised:
        defined(f"blocks:\n  - {block}\n", files)
    assert raised.value.sentence == sentence
