"""A secret that comes out is found, with the command that let it out, and told to nobody."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.jobs import WORKFLOW, commands, defined, one_job, outputs, runner
from fakes.leaks import leaks

from pytest_canary.jobs.environment import Secret
from pytest_canary.jobs.findings import findings
from pytest_canary.jobs.markers import mark_secret, plain_names, words_to_watch
from pytest_canary.jobs.programs import install_programs
from pytest_canary.jobs.results import PipelineResult


def ran(folder: Path, *lines: str, secret: Secret, **more: object) -> PipelineResult:
    (folder / "run").mkdir()
    programs = install_programs(folder / "programs")
    definition = one_job(*lines, secrets=[{"name": "shop"}], **more)
    return runner(folder / "run", definition, programs=programs, secrets={"shop": secret}).run()


KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG\nAASCBKcwggSjAgEAAoIB\n-----END KEY-----\n"


@pytest.mark.parametrize(
    ("command", "printed"),
    [
        ("echo $DB_PASSWORD", ["DB_PASSWORD"]),
        ("echo -n $DB_PASSWORD | base64; echo $TOKEN >&2", ["DB_PASSWORD", "TOKEN"]),
        ("env | tee /dev/tty >/dev/null", ["DB_PASSWORD", "TOKEN"]),
        ("set -x; test $TOKEN", ["TOKEN"]),
        ("cat ~/key.pem", ["the file ~/key.pem"]),
        ("head -c 60 ~/account.json", ["the file account.json"]),
        ("echo $DB_USER; test $TOKEN; cat ~/plain; wc -l ~/key.pem", []),
        ("echo $SEMAPHORE_JOB_NAME $SWITCH", []),
    ],
)
def test_a_secret_that_is_printed_is_found_and_masked(
    tmp_path: Path, command: str, printed: list[str]
) -> None:
    made = mark_secret(["DB_PASSWORD", "DB_USER", "TOKEN"])
    account = json.dumps({"private_key": "n0tGuessedAtAll", "id": "of-the-account-itself"})
    files = {"~/key.pem": KEY, "account.json": account, "plain": "a\nhttps://shop.invalid/abcd\n"}
    result = ran(
        tmp_path,
        command,
        secret=Secret({**made.variables, "SWITCH_KEY": "job-value"}, files),
        env_vars=[{"name": "SWITCH", "value": "job-value"}],
    )
    [found] = commands(result)
    assert list(found.printed) == printed
    secrets = [made.variables["DB_PASSWORD"], made.variables["TOKEN"], "n0tGuessedAtAll"]
    log = result.blocks[0].jobs[0].log
    assert log
    assert leaks(secrets, {"output": found.output, "log": log.read_text()}) == []
    told = [each for each in findings(result) if each.code == "printed-secret"]
    assert len(told) == bool(printed)
    for each in told:
        assert each.sentence.startswith(
            f"`{command}` prints the value of {' and of '.join(printed)}"
        )
        assert (each.where, each.level) == ("pipeline , block block, job job", "warning")


def test_a_secret_among_a_programs_arguments_is_found_and_masked(tmp_path: Path) -> None:
    secret = mark_secret(["PASSWORD", "USERNAME"])
    result = ran(
        tmp_path,
        "aws ecr get-login --token=x$PASSWORD",
        "echo $PASSWORD | aws ecr get-login; (sudo true $USERNAME)",
        "helm login $PASSWORD || true",
        secret=secret,
    )
    assert [[each.secrets for each in found.calls] for found in commands(result)] == [
        [("PASSWORD",)],
        [(), ()],
        [("PASSWORD",)],
    ]
    told = findings(result)
    assert told[0].next == "hand it over by standard input, in a file or in a variable"
    codes = ["secret-argument", "refused-program", "secret-argument"]
    assert [each.code for each in told] == codes, "what we say of it is not printed by the job"
    assert told[0].sentence == (
        "`aws ecr get-login --token=x$PASSWORD` hands the value of PASSWORD to aws as an argument, "
        "which every process on the machine can read while it runs"
    )
    assert told[0].seen == "as `aws ecr get-login '--token=x********'`"
    assert told[1].sentence.startswith(
        "`helm login $PASSWORD || true` calls `helm login '********'`, which a rehearsal does not "
        "run: it is neither allowed nor stood in for; allow it, or"
    )
    assert told[1].seen == "it ended with code 0"
    texts = {str(number): f"{each.sentence}{each.details}" for number, each in enumerate(told)}
    assert leaks([secret.variables["PASSWORD"]], texts) == []
    assert not any(secret.variables["PASSWORD"] in each for each in outputs(result))


def test_a_secret_of_another_job_is_found_too_and_semaphores_own(tmp_path: Path) -> None:
    other = {"one": mark_secret(["DB_PASSWORD"]), "two": mark_secret(["DB_PASSWORD"])}
    values = [each.variables["DB_PASSWORD"] for each in other.values()]
    (tmp_path / "described").write_text("\n".join(values))
    workflow = replace(WORKFLOW, more={"SEMAPHORE_REGISTRY_PASSWORD": "n0tGuessed"})
    definition = one_job(
        f"cat {tmp_path}/described", "echo $SEMAPHORE_REGISTRY_PASSWORD", "echo $SEMAPHORE_JOB_ID"
    )
    result = runner(tmp_path, definition, workflow, secrets=other).run()
    assert [each.printed for each in commands(result)] == [
        ("DB_PASSWORD",),
        ("SEMAPHORE_REGISTRY_PASSWORD",),
        (),
    ]
    assert leaks([*values, "n0tGuessed"], {"output": "".join(outputs(result))}) == []


def test_a_pipeline_in_which_nothing_is_wrong_has_no_findings(tmp_path: Path) -> None:
    assert findings(runner(tmp_path, one_job("echo fine", "false")).run()) == []


def test_what_a_secret_holds_is_its_own_and_may_stand_anywhere() -> None:
    first, second = (mark_secret(["A", "B"], ["~/key"]) for _ in range(2))
    values = [*first.variables.values(), *second.variables.values(), *first.files.values()]
    assert len({*values}) == 5
    assert all(value.strip().isalnum() and value == value.lower() for value in values)
    assert plain_names(words_to_watch([mark_secret(["A_KEY", "B"], ["~/key"])])) == (
        "A_KEY",
        "the file ~/key",
    )


def test_of_a_file_it_is_words_that_are_looked_for_and_no_prose() -> None:
    config = "apiVersion: v1\nclusters:\n- server: https://kubernetes.invalid:6443/x\n  token: abc"
    content = f"{config}0123456789abcdef\n  note: this is a long line of several words\n{{}}\n"
    assert [*words_to_watch([Secret(files={"config": content})]).values()] == [
        "abc0123456789abcdef"
    ]
    assert [*words_to_watch([Secret(files={"broken.json": '{"a": '})]).values()] == []


@pytest.mark.parametrize(
    ("jobs", "where"),
    [
        (1, "block Build, job 1"),
        (3, "block Build, job 1; block Build, job 2; block Build, job 3"),
        (4, "block Build, job 1; block Build, job 2; block Build, job 3; and 1 more job"),
    ],
)
@pytest.mark.parametrize(
    ("command", "way"),
    [
        ("docker login -u me -p $TOKEN", "by standard input: docker login --password-stdin"),
        (
            "doctl auth init --access-token $TOKEN",
            "in DIGITALOCEAN_ACCESS_TOKEN, which doctl reads without `auth init`",
        ),
    ],
)
def test_a_command_of_several_jobs_is_told_once_with_the_way_out_of_its_program(
    tmp_path: Path, jobs: int, where: str, command: str, way: str
) -> None:
    text = f"""\
blocks:
  - name: Build
    task:
      secrets: [{{name: shop}}]
      jobs: {[{"name": str(n + 1), "commands": [command]} for n in range(jobs)]}
"""
    (tmp_path / "run").mkdir()
    programs = install_programs(tmp_path / "programs")
    secrets = {"shop": mark_secret(["TOKEN"])}
    result = runner(tmp_path / "run", defined(text), programs=programs, secrets=secrets).run()
    [found] = findings(result)
    assert (found.code, found.where) == ("secret-argument", f"pipeline CI, {where}")
    assert found.next == f"hand it over {way}"
