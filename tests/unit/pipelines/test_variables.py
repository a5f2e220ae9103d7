"""A variable that nothing provides is told where it is used; what may be provided is not told."""

from pathlib import Path
from typing import Any

import pytest
from fakes.workflows import pipeline, promotion, written

from pytest_canary.pipelines.uses import Program
from pytest_canary.pipelines.variables import Provided, undescribed_secrets, unprovided_variables

SECRET = "      secrets: [{name: registry}]\n"
WHY = "has no value: no env_vars, secret, matrix, parameter or command before it gives it one"


def lacking(folder: Path, text: str, provided: Provided | None = None, **others: str) -> list[str]:
    """The variables that nothing provides."""
    for name, other in others.items():
        (folder / f"{name}.yml").write_text(other)
    found = unprovided_variables(written(folder, ci=text), provided or Provided())
    return [each.sentence.split()[0].strip(",") for each in found]


def test_a_variable_is_told_with_its_line_and_what_gives_it_a_value(tmp_path: Path) -> None:
    text = pipeline("date", "docker login -p $REGISTRY_PASWORD", job=SECRET)
    provided = Provided({"registry": ["REGISTRY_USER", "REGISTRY_PASSWORD"]})
    (found,) = unprovided_variables(written(tmp_path, ci=text), provided)
    assert found.source.line(found.line).strip() == "docker login -p $REGISTRY_PASWORD"
    assert found.sentence == f"$REGISTRY_PASWORD {WHY}"
    assert found.fix == "did you mean REGISTRY_PASSWORD?"
    (found,) = unprovided_variables(written(tmp_path, ci=pipeline("echo ${TOKEN}")), Provided())
    assert found.fix == (
        "set it in env_vars or a secret; where the machine has it, name it in pipeline.variables"
    )


@pytest.mark.parametrize(
    ("commands", "names"),
    [
        (["echo $A $B", "echo $A"], ["$A", "$B"]),
        (["A=1", "echo $A"], []),
        (["echo $A", "A=1"], ["$A"]),
        (["export A=$(date)", "echo ${A}"], []),
        (["echo $SEMAPHORE_GIT_SHA $HOME $PATH $CI $BASH_VERSION $1 $?"], []),
        (['[ -n "$A" ] && echo given', "echo $A"], []),
        (["echo ${A:-none}", "echo $A"], []),
        (["source settings.sh", "echo $A"], []),
        (["echo $A", ". settings.sh", "echo $B"], ["$A"]),
        (["awk '{print $NF}' $A", "echo \\$B"], ["$A"]),
    ],
)
def test_what_commands_set_and_a_shell_has_is_provided(
    tmp_path: Path, commands: list[str], names: list[str]
) -> None:
    assert lacking(tmp_path, pipeline(*commands)) == names


@pytest.mark.parametrize(
    "given",
    [
        {"job": "      env_vars: [{name: A, value: '1'}]\n"},
        {"job": "      prologue: {commands: [export A=1]}\n"},
        {"more": "global_job_config: {env_vars: [{name: A, value: '1'}]}\n"},
        {"more": "global_job_config: {prologue: {commands: [A=1]}}\n"},
        {"job": "      secrets: [{name: mine, env_var_names: [A]}]\n"},
        {"job": SECRET},
    ],
)
def test_what_pipeline_and_task_set_and_a_secret_gives_is_provided(
    tmp_path: Path, given: dict[str, Any]
) -> None:
    provided = Provided({"registry": ["A"]})
    assert lacking(tmp_path, pipeline("echo $A $B", **given), provided) == ["$B"]


def test_matrix_job_tokens_and_settings_provide_too(tmp_path: Path) -> None:
    text = pipeline("echo $A $B $C $D $E")
    own = (
        "          env_vars: [{name: A, value: '1'}]\n"
        "          matrix: [{env_var: B, values: [x]}]\n"
        "          oidc_tokens: {C: {aud: x}}\n"
    )
    assert lacking(tmp_path, text + own, Provided(variables=["D"])) == ["$E"]


@pytest.mark.parametrize(
    "unknown",
    [
        {"machine": "s1-own"},
        {"job": SECRET},
        {"job": "      prologue: {commands_file: '${{parameters.F}}'}\n"},
        {
            "job": "      agent: {machine: {type: e1-standard-2}, containers: "
            "[{name: main, image: ci}]}\n"
        },
    ],
)
def test_where_a_job_may_have_other_variables_nothing_is_told(
    tmp_path: Path, unknown: dict[str, Any]
) -> None:
    assert lacking(tmp_path, pipeline("echo $A", **unknown)) == []


def test_a_promotion_hands_its_parameters_on(tmp_path: Path) -> None:
    more = ", parameters: {env_vars: [{name: A}]}"
    first = pipeline(more="promotions:\n" + promotion("Next", "next.yml", more=more))
    assert lacking(tmp_path, first, next=pipeline("echo $A $B")) == ["$B"]
    more = ", deployment_target: live"
    first = pipeline(more="promotions:\n" + promotion("Next", "next.yml", more=more))
    assert lacking(tmp_path, first, next=pipeline("echo $A")) == []


def test_an_epilogue_has_what_the_commands_have_set(tmp_path: Path) -> None:
    epilogue = "      epilogue: {on_fail: {commands: [echo $A $B]}}\n"
    assert lacking(tmp_path, pipeline("A=1", job=epilogue)) == ["$B"]


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("./apply.sh manifests/deployment.yml shop-canary 1 image", ["$PORT"]),
        ("if true; then apply.sh deployment.yml shop-canary 1 image; fi", ["$PORT"]),
        ("PORT=3000 ./apply.sh manifests/deployment.yml shop-canary 1 image", []),
        ("./apply.sh manifests/deployment-aws.yml shop-canary 1 image", []),
        ("./apply.sh manifests/other.yml; cat deployment.yml", []),
        ("cat apply.sh", []),
    ],
)
def test_what_a_program_reads_by_itself_is_needed_where_it_is_run(
    tmp_path: Path, command: str, names: list[str]
) -> None:
    provided = Provided(programs=[Program("apply.sh", "deployment.yml", ["PORT", "HOME"])])
    (*found,) = unprovided_variables(written(tmp_path, ci=pipeline(command)), provided)
    assert [each.sentence for each in found] == [f"{n}, which apply.sh reads, {WHY}" for n in names]


def test_a_secret_that_nobody_describes_is_told_once_where_it_is_named(tmp_path: Path) -> None:
    more = f"global_job_config: {{{SECRET.strip()}}}\n"
    found = written(tmp_path, ci=pipeline(job=SECRET, more=more))
    (told,) = undescribed_secrets(found, Provided({"regstry": []}))
    assert "secrets: [{name: registry}]" in told.source.line(told.line)
    assert told.sentence == (
        "nothing says what secret registry gives, so that what its jobs lack can't be told"
    )
    assert told.fix == "did you mean regstry?"
    (told,) = undescribed_secrets(found, Provided())
    assert told.fix == (
        'name its variables and files, without their values, in [pipeline.secrets."registry"]'
    )
    assert [*undescribed_secrets(found, Provided({"registry": []}))] == []


def test_of_more_variables_than_any_pipeline_lacks_some_are_told(tmp_path: Path) -> None:
    commands = [" ".join(f"$A{job}_{each}" for each in range(60)) for job in range(4)]
    text = pipeline(commands[0]) + "".join(f"        - commands: [{each}]\n" for each in commands)
    assert len(lacking(tmp_path, text)) == 120


def test_more_commands_than_any_pipeline_has_are_not_looked_at(tmp_path: Path) -> None:
    prologue = f"      prologue: {{commands: [{'date, ' * 3000}]}}\n"
    text = pipeline("echo $A", job=prologue) + "        - commands: [date]\n" * 40
    text += "        - commands: [echo $B]\n"
    assert lacking(tmp_path, text) == ["$A"]
