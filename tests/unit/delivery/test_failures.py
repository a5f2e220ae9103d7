"""Why a pipeline has failed: the block, the job and the command, in a sentence."""

from dataclasses import replace
from pathlib import Path

from fakes.delivery import REFUSED, command, ended

from pytest_canary.delivery.failures import failure
from pytest_canary.jobs.order import End
from pytest_canary.jobs.results import BlockResult, PipelineResult


def told(result: PipelineResult) -> str:
    found = failure("the canary pipeline", "canary.yml", result)
    assert found
    assert (found.code, found.where) == ("PipelineFails", "canary.yml, pipeline Pipeline")
    return found.sentence


def test_one_that_has_passed_has_failed_at_nothing() -> None:
    assert failure("the canary pipeline", "canary.yml", ended()) is None


def test_the_command_that_ended_its_job_is_named() -> None:
    failed = command("./apply.sh a b\nsecond line", 3, output="one\ntwo\n")
    result = ended(command(), failed, result="failed")
    (block,) = result.blocks
    job = replace(block.jobs[0], log=Path("/x/log.txt"))
    result = replace(result, blocks=(replace(block, jobs=(job,)),))
    assert told(result) == (
        "the canary pipeline does not pass: block Block, job Job: `./apply.sh a b` exits with "
        "code 3"
    )
    found = failure("the canary pipeline", "canary.yml", result)
    assert found
    assert found.evidence == "one\ntwo"
    assert found.next == "see all that the job has printed in /x/log.txt"


def test_a_command_of_an_epilogue_is_not_what_failed() -> None:
    after = replace(command("upload", 1), part="always")
    assert "`make it` exits with code 2" in told(ended(command(code=2), after, result="failed"))


def test_a_command_that_was_refused_says_why() -> None:
    found = failure(
        "the canary pipeline",
        "canary.yml",
        ended(command("terraform apply", 127, calls=(REFUSED,)), result="failed"),
    )
    assert found
    assert found.likely == "nothing stands in for it"


def test_one_that_was_stopped_or_has_closed_its_shell_says_so() -> None:
    stopped = replace(command("sleep 9", 1), cut_off="timeout")
    assert told(ended(stopped, result="stopped")).endswith("`sleep 9` is stopped: timeout")
    closed = replace(command("exit 1", 1), closed=True)
    assert told(ended(closed, result="failed")).endswith("`exit 1` ends its shell")


def test_a_job_that_could_not_begin_says_why() -> None:
    result = ended(result="failed", problem="secret do-key not found")
    assert told(result).endswith("block Block, job Job: secret do-key not found")


def test_one_that_was_canceled_says_so() -> None:
    result = PipelineResult("Pipeline", End("canceled", "user"), (BlockResult("B", End("passed")),))
    assert told(result) == "the canary pipeline does not pass: it is canceled"


def test_the_job_that_failed_is_named_and_not_what_was_stopped_for_it() -> None:
    (long,) = ended(
        replace(command("sleep 600", 1), cut_off="fast_failing"), result="stopped"
    ).blocks
    (tests,) = ended(command("npm test", 1), result="failed").blocks
    stopped = replace(long.jobs[0], end=End("stopped", "fast_failing"))
    result = PipelineResult(
        "Pipeline", End("failed", "test"), (replace(long, jobs=(stopped,)), tests)
    )
    assert told(result).endswith("`npm test` exits with code 1")
