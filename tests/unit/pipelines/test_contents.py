"""A job has all that it gets: from pipeline, task and itself, and from files that they name."""

import pytest
from fakes.pipelines import EVERYTHING, FILES, read_text, with_changes

from pytest_canary.pipelines.definition import Command


def texts(commands: tuple[Command, ...]) -> list[str]:
    return [each.text for each in commands]


def test_a_job_has_what_is_set_above_it() -> None:
    build, tests, _, report = read_text(EVERYTHING).blocks
    image, matrix = build.jobs
    assert (build.name, image.name, matrix.name) == ("Build", "image", "")
    # A file's lines are commands; the pipeline's prologue comes first, its epilogue last.
    assert texts(image.prologue) == ["checkout", "checkout", "export TOOL=make"]
    assert texts(image.commands) == ["docker build .", "docker push image"]
    sources = [(each.source.shown, each.line) for each in image.prologue]
    assert sources[1:3] == [("prologue.sh", 1), ("prologue.sh", 3)]
    assert {end: texts(found) for end, found in image.epilogue.items()} == {
        "always": ["date"],
        "on_pass": [],
        "on_fail": ["dmesg"],
    }
    assert image.variables == {"SWITCH": "on", "RELEASE": "2"}
    assert image.tokens == ("PYPI_TOKEN", "NPM_TOKEN")
    assert [(each.name, each.variables) for each in image.secrets] == [("registry", ("TOKEN",))]
    assert (image.machine, image.container, image.complete) == ("e1-standard-2", True, True)
    assert matrix.matrix == {"NODE": ("20", "22"), "OS": ()}
    assert texts(tests.jobs[0].commands) == ["$TOOL test"]
    assert texts(report.jobs[0].commands) == ["report"]


def test_what_runs_after_the_pipeline_has_nothing_of_its_shared_settings() -> None:
    (after,) = read_text(EVERYTHING).after
    assert texts((*after.prologue, *after.commands)) == ["publish results"]
    assert (after.variables, after.secrets, after.epilogue["on_fail"]) == ({}, (), ())


def test_a_tasks_own_machine_is_that_of_its_jobs() -> None:
    own = "    task:\n      agent: {machine: {type: s1-own}}\n      fail_fast:"
    found = with_changes(("    task:\n      fail_fast:", own))
    assert found.blocks[0].jobs[0].machine == "s1-own"
    assert not found.blocks[0].jobs[0].container


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("jobs: [{command: [date]}]", "report.yml:1: jobs[0].command: no such key; did you mean "),
        (
            "jobs: [{commands: [date]}]\njobs: [{commands: [date]}]",
            "report.yml:2: jobs: is set twice in one table; keep one of the two",
        ),
        ("jobs: [", "report.yml:2: not valid YAML: "),
        (
            "jobs: [{name: a, commands: [date]}, {name: a, commands: [date]}]",
            "report.yml:1: jobs[1].name: another job of its block is called a; give each its own ",
        ),
        (
            "jobs: [{commands_file: none.sh}]",
            "report.yml:1: jobs[0].commands_file: there is no file none.sh",
        ),
        (
            "jobs: [{commands: [date], matrix: [{env_var: A, values: [" + "a, " * 101 + "]}]}]",
            "report.yml:1: jobs[0].matrix: 101 jobs, and 100 at most in one block",
        ),
        ("", "report.yml:1: the task: a table, not nothing"),
    ],
)
def test_a_tasks_file_is_held_against_the_schema_with_its_own_lines(
    monkeypatch: pytest.MonkeyPatch, text: str, mistake: str
) -> None:
    monkeypatch.setitem(FILES, "report.yml", text)
    found = read_text(EVERYTHING).mistakes
    assert found[0].startswith(mistake), found


def test_a_job_whose_commands_are_not_there_is_incomplete() -> None:
    found = with_changes(("{commands_file: tests.sh", '{commands_file: "${{parameters.F}}"'))
    assert found.mistakes == ()
    assert not found.blocks[1].jobs[0].complete
