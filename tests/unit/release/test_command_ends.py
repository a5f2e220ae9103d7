"""What became of a pod under a command."""

import copy
from typing import Any

import pytest

from pytest_canary.k8s.exec import ExecError
from pytest_canary.release.command_ends import fate, meaning_of_code, unended_finding

BEFORE: dict[str, Any] = {
    "metadata": {"name": "app-canary-1"},
    "status": {
        "phase": "Running",
        "containerStatuses": [
            {"name": "proxy", "restartCount": 3, "state": {"running": {}}},
            {"name": "app", "restartCount": 1, "state": {"running": {}}},
        ],
    },
}


def after(**container: Any) -> dict[str, Any]:
    pod = copy.deepcopy(BEFORE)
    pod["status"]["containerStatuses"][1] |= container
    return pod


def test_a_pod_that_is_as_it_was_has_no_fate() -> None:
    assert fate(BEFORE, copy.deepcopy(BEFORE), "app") == ""


def test_a_pod_that_is_gone_was_deleted() -> None:
    assert fate(BEFORE, None, "app") == "the pod was deleted"


def test_a_pod_on_its_way_out_is_being_deleted() -> None:
    leaving = copy.deepcopy(BEFORE)
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert fate(BEFORE, leaving, "app") == "the pod is being deleted"


def test_a_container_that_was_started_again_tells_how_the_last_one_ended() -> None:
    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    again = after(restartCount=2, lastState=ended)
    assert fate(BEFORE, again, "app") == "container app exited with code 137 (OOMKilled)"


def test_a_restart_from_before_is_none_of_the_commands() -> None:
    ended = {"terminated": {"exitCode": 1, "reason": "Error"}}
    assert fate(BEFORE, after(lastState=ended), "app") == ""


def test_a_container_that_was_not_started_again_yet_has_ended() -> None:
    ended = after(state={"terminated": {"exitCode": 1, "reason": "Error"}})
    assert fate(BEFORE, ended, "app") == "container app exited with code 1 (Error)"


def test_another_containers_end_is_not_its_own() -> None:
    pod = copy.deepcopy(BEFORE)
    pod["status"]["containerStatuses"][0]["restartCount"] = 4
    assert fate(BEFORE, pod, "app") == ""


def test_an_evicted_pod_says_why() -> None:
    pod = copy.deepcopy(BEFORE)
    pod["status"] |= {
        "phase": "Failed",
        "reason": "Evicted",
        "message": "The node was low on resource: memory.",
    }
    assert fate(BEFORE, pod, "app") == (
        "the pod failed, Evicted: The node was low on resource: memory."
    )


@pytest.mark.parametrize(
    ("ending", "code", "advice"),
    [
        ("hangs", "MigrationHangs", "until its pod is deleted, and a statement that it waits for"),
        ("endless", "CommandOutputEndless", "it runs on until its pod is deleted"),
        ("refused", "CommandNotRun", "see that the image has it"),
        ("lost", "CommandLostItsPod", "see what ended it"),
    ],
)
def test_each_ending_is_a_finding_of_its_own(ending: Any, code: str, advice: str) -> None:
    error = ExecError(ending, "said ********", "kubectl exec …", "at ********\nstep 1")
    finding = unended_finding(error, "MigrationHangs", "npm run migrate", "app-1", "")
    assert finding.code == code
    assert finding.sentence.startswith("`npm run migrate` in pod app-1 ")
    assert advice in finding.next
    assert ("locks" in finding.next) == (ending == "hangs")
    assert finding.evidence == "at ********\nstep 1"
    assert "hush" not in finding.sentence


def test_a_connection_that_breaks_for_no_known_reason_says_so() -> None:
    error = ExecError("lost", "lost its pod", "kubectl exec …")
    finding = unended_finding(error, "MigrationHangs", "npm run migrate", "app-1", "")
    assert "the connection broke, and the pod is as it was" in finding.sentence


@pytest.mark.parametrize(
    ("code", "words"), [(127, "no such command"), (137, "memory limit"), (1, ""), (0, "")]
)
def test_a_shells_exit_code_is_explained(code: int, words: str) -> None:
    assert (words in meaning_of_code(code)) if words else meaning_of_code(code) == ""
