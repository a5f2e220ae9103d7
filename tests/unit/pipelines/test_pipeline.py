"""A pipeline is read as Semaphore reads it; what Semaphore refuses is told with file and line."""

import contextlib

import pytest
from fakes.hostile import spoilt
from fakes.pipelines import EVERYTHING, line_of, read_text, with_changes
from hypothesis import given

from pytest_canary.pipelines.pipeline import Promotion

WHEN = "result = 'passed' and (branch = 'master' or tag =~ '^hotfix')"


def test_a_pipeline_with_everything_is_taken() -> None:
    found = read_text(EVERYTHING)
    assert found.mistakes == ()
    canary, preview, by_hand = found.promotions
    assert canary == Promotion(
        name="Canary",
        line=line_of("- name: Canary"),
        when=WHEN,
        deprecated=False,
        file="canary.yml",
        parameters=("SIZE",),
        values={"SIZE": "1"},
        target="canary",
    )
    assert preview == Promotion(
        name="Preview",
        line=line_of("- name: Preview"),
        when=None,
        deprecated=True,
        file="/previews/preview.yml",
        results=("passed",),
    )
    assert (by_hand.name, by_hand.when, by_hand.deprecated) == ("Parameter", None, False)
    assert [(each.place, each.promotion) for each in found.whens][-2:] == [
        ("blocks[1].run.when", None),
        ("promotions[0].auto_promote.when", canary),
    ]


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("version: v1.0", "version: v2.0", "version: v1.0, not 'v2.0'"),
        ("version: v1.0\nname", "name", "the pipeline: has no version"),
        ("partial_rerun: jobs", "partial_rerun: all", "partial_rerun: jobs or block, not 'all'"),
        ("    type: e1-standard-2", '    type: ""', "agent.machine.type: must not be empty"),
        (
            "      command: sleep",
            "      comand: sleep",
            "agent.containers[0].comand: no such key; did you mean command?",
        ),
        (
            "        - {name: LANG, value: C.UTF-8}",
            "        - {name: LANG, value: 3}",
            "agent.containers[0].env_vars[0].value: a text, not 3; write '3'",
        ),
        (
            "execution_time_limit: {hours: 2}",
            "execution_time_limit: {hours: 0}",
            "execution_time_limit.hours: a whole number from 1, not 0",
        ),
        (
            "execution_time_limit: {hours: 2}",
            "execution_time_limit: {hours: 2, minutes: 1}",
            "execution_time_limit.minutes: goes without hours",
        ),
        (
            "execution_time_limit: {hours: 2}",
            "execution_time_limit: 2",
            "execution_time_limit: a table, not 2",
        ),
        (
            "  - {processing: parallel}",
            "  - {scope: project}",
            "queue[1]: has no name and no processing",
        ),
        (
            "  epilogue: {on_fail: {commands: [dmesg]}}",
            "  epilogue: {on_fail: {commands: [dmesg]}, commands: []}",
            "global_job_config.epilogue.commands: no such key; there are always, on_pass, on_fail",
        ),
        (
            "  priority: [{value: 80,",
            "  priority: [{value: 101,",
            "global_job_config.priority[0].value: a whole number from 0 to 100, not 101",
        ),
        (
            "    skip: {when: \"tag =~ '^skip'\"}",
            "    skip: {when: 1}",
            "blocks[0].skip.when: a condition or true or false, not 1",
        ),
        (
            "    skip: {when: \"tag =~ '^skip'\"}",
            "    skip: {when: tag = skip}",
            "blocks[0].skip.when: skip at character 7 stands where a text in single quotes belongs",
        ),
        (
            "    skip: {when: \"tag =~ '^skip'\"}",
            "    skip: {when: \"result = 'passed'\"}",
            "blocks[0].skip.when: result at character 1 has no value here",
        ),
        (
            "    skip: {when: \"tag =~ '^skip'\"}",
            "    skip: {when: \"tag =~ '*skip'\"}",
            "blocks[0].skip.when: '*skip' at character 8: not a regular expression: nothing to "
            "repeat at position 0",
        ),
        (
            "    run: {when: \"change_in('/app', {exclude: ['/app/docs']})\"}",
            '    run: {when: "change_in()"}',
            "blocks[1].run.when: change_in at character 1 takes a path or a list of them, and its "
            "settings",
        ),
        (
            "    skip: {when: \"tag =~ '^skip'\"}",
            "    skip: {}",
            "blocks[0].skip: has no when",
        ),
        (
            "        - {commands_file: tests.sh, parallelism: 4}",
            "        - {commands_file: tests.sh, parallelism: 51}",
            "blocks[1].task.jobs[0].parallelism: a whole number from 1 to 50, not 51",
        ),
        (
            "        - {commands_file: tests.sh, parallelism: 4}",
            "        - {commands_file: tests.sh, commands: []}",
            "blocks[1].task.jobs[0].commands: goes without commands_file",
        ),
        (
            "        - {commands_file: tests.sh, parallelism: 4}",
            "        - {commands_file: test.sh, parallelism: 4}",
            "blocks[1].task.jobs[0].commands_file: there is no file test.sh",
        ),
        (
            '            - {env_var: NODE, values: ["20", "22"]}',
            "            - {env_var: NODE, values: []}",
            "blocks[0].task.jobs[1].matrix[0].values: must not be empty",
        ),
        (
            "    jobs: [{commands: [publish results]}]",
            "    jobs: []",
            "after_pipeline.task.jobs: must not be empty",
        ),
        (
            "    pipeline_file: canary.yml",
            "    pipeline_file: canry.yml",
            "promotions[0].pipeline_file: there is no file canry.yml",
        ),
        (
            '        - {name: SIZE, options: ["1", "2"], required: true,',
            '        - {name: SIZE, options: ["1", "2"], required: "yes",',
            "promotions[0].parameters.env_vars[0].required: true or false, not 'yes'",
        ),
        (
            f'      when: "{WHEN}"',
            "      when: \"colour = 'red'\"",
            "promotions[0].auto_promote.when: colour at character 1 is neither a keyword nor a "
            "function",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(old: str, new: str, mistake: str) -> None:
    assert with_changes((old, new)).mistakes == (f"ci.yml:{line_of(old)}: {mistake}",)


@pytest.mark.parametrize("pattern", [r"\\p{Lu}", r"\\Qa.b\\E", "a{2}{3}", "[[:alpha:]]", "(?|a|b)"])
def test_a_pattern_that_python_alone_does_not_know_is_taken(pattern: str) -> None:
    assert with_changes(("'^skip'", f"'{pattern}'")).mistakes == ()


@pytest.mark.parametrize(
    ("count", "piece", "mistake"),
    [
        (51, "{commands: [date]}", "after_pipeline.task.jobs: a list of 50 at most, and has 51"),
        (50, "{commands: [date]}", None),
    ],
)
def test_a_list_has_a_limit(count: int, piece: str, mistake: str | None) -> None:
    old = "    jobs: [{commands: [publish results]}]"
    found = with_changes((old, f"    jobs: [{', '.join([piece] * count)}]"))
    assert found.mistakes == ((f"ci.yml:{line_of(old)}: {mistake}",) if mistake else ())


def test_every_mistake_is_told_at_once() -> None:
    found = with_changes(("name: Release", "nam: Release"), ("partial_rerun: jobs", "queu: 1"))
    assert found.mistakes == (
        "ci.yml:2: nam: no such key; did you mean name?",
        f"ci.yml:{line_of('partial_rerun: jobs')}: queu: no such key; did you mean queue?",
    )


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("", "ci.yml:1: the pipeline: a table, not nothing"),
        ("- a", "ci.yml:1: the pipeline: a table, not a list"),
        ("a: [\nb: 1", "ci.yml:1: not valid YAML: did not find expected ',' or ']'"),
        ("? [a]\n: 1", "ci.yml:1: not valid YAML: a key is a list or a table"),
        ("a: &a [*a]", "ci.yml:1: not valid YAML: it is nested deeper than 100 levels, or "),
    ],
)
def test_what_is_no_pipeline_is_told(text: str, mistake: str) -> None:
    (found,) = read_text(text).mistakes
    assert found.startswith(mistake)


def test_a_table_may_be_taken_from_elsewhere() -> None:
    old = "        - {commands_file: tests.sh, parallelism: 4}"
    new = "        - &job {commands: [date]}\n        - {<<: *job, name: again}"
    assert with_changes((old, new)).mistakes == ()


@given(text=spoilt(EVERYTHING))
def test_a_pipeline_of_anything_is_taken_or_told(text: str | bytes) -> None:
    with contextlib.suppress(UnicodeDecodeError):
        found = read_text(text.decode() if isinstance(text, bytes) else text)
        assert all("\n" not in each for each in found.mistakes)
