"""Commands in pods, through a real websocket on loopback: every way in which one ends."""

import re
from typing import Any

import pytest
from fakes.kubelet import FAILURE, NO_SUCH_COMMAND, SUCCESS, Kubelet, run
from fakes.leaks import on_screen

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.masking import MASK, Redactor
from pytest_canary.core.output import Output
from pytest_canary.k8s.exec import (
    ERROR,
    STDERR,
    STDOUT,
    Exec,
    ExecError,
    ending_at_deadline,
    exit_code,
)
from pytest_canary.k8s.namespace import Namespace


def test_a_commands_outputs_are_told_apart_and_kept_together(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    def says(it: Kubelet) -> None:
        it.send(STDOUT, b"0001 -> 0002\n")
        it.send(STDERR, b"a warning\n")
        it.end(SUCCESS)

    kubelet.says = says
    assert run(namespace) == Exec(
        pod="app-canary-1",
        command="npm run migrate",
        code=0,
        output="0001 -> 0002\na warning",
        stdout="0001 -> 0002\n",
    )


def test_an_exit_code_is_the_callers_matter(kubelet: Kubelet, namespace: Namespace) -> None:
    kubelet.says = lambda it: it.end(FAILURE)
    assert run(namespace).code == 3


def test_a_letter_that_is_cut_in_two_comes_whole(kubelet: Kubelet, namespace: Namespace) -> None:
    def says(it: Kubelet) -> None:
        it.send(STDOUT, "Ž".encode()[:1])
        it.send(STDOUT, "Ž".encode()[1:])
        it.end(SUCCESS)

    kubelet.says = says
    assert run(namespace).stdout == "Ž"


def test_what_comes_is_heard_as_it_comes(kubelet: Kubelet, namespace: Namespace) -> None:
    heard: list[str] = []

    def says(it: Kubelet) -> None:
        for word in (b"one\n", b"two\n"):
            it.send(STDOUT, word)
        it.end(SUCCESS)

    kubelet.says = says
    run(namespace, heard=heard.append)
    assert "".join(heard) == "one\ntwo\n"


def test_what_is_looked_for_is_found_in_both_outputs_though_it_comes_in_pieces(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    disclosure = Disclosure({"DB_PASSWORD": "hunter22", "API_KEY": "4711-0815-42"})

    def says(it: Kubelet) -> None:
        it.send(STDOUT, b"one hunt")
        it.send(STDERR, b"two 4711-08")
        it.send(STDOUT, b"er22")
        it.send(STDERR, b"15-42")
        it.end(SUCCESS)

    kubelet.says = says
    run(namespace, disclosure=disclosure)
    assert disclosure.variables == ["API_KEY", "DB_PASSWORD"]


def test_a_command_that_does_not_exist_is_told_in_the_runtimes_own_words(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    kubelet.says = lambda it: it.end(NO_SUCH_COMMAND)
    with pytest.raises(ExecError) as failure:
        run(namespace)
    assert failure.value.ending == "refused"
    assert 'could not run: exec: "npm": executable file not found' in failure.value.sentence


def test_a_command_that_says_nothing_is_given_up_at_its_deadline(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    kubelet.says = lambda it: it.hang()
    with pytest.raises(ExecError) as failure:
        run(namespace, timeout=0.3)
    assert failure.value.ending == "hangs"
    assert str(failure.value) == (
        "`kubectl exec app-canary-1 -c app -- npm run migrate` was given up at its deadline of "
        "0.3 s: it has printed nothing"
    )


def test_an_output_that_never_ends_is_given_up_at_the_deadline_and_not_kept_whole(
    kubelet: Kubelet, namespace: Namespace
) -> None:
    def says(it: Kubelet) -> None:
        while not it.stopped.is_set():
            it.send(STDOUT, b"again\n" * 100)

    kubelet.says = says
    with pytest.raises(ExecError) as failure:
        run(namespace, timeout=2, keep=10_000)
    assert failure.value.ending == "endless"
    assert "was still printing at its deadline of 2 s: " in failure.value.sentence
    assert failure.value.sentence.endswith(" lines, the last: again")
    assert " lines left out" in failure.value.evidence
    assert len(failure.value.evidence) < 12_000


@pytest.mark.parametrize("closes", [True, False])
def test_a_connection_that_ends_without_an_exit_code_has_lost_its_pod(
    kubelet: Kubelet, namespace: Namespace, closes: bool
) -> None:
    def says(it: Kubelet) -> None:
        it.send(STDOUT, b"step 1\n")
        if closes:
            it.close()

    kubelet.says = says
    with pytest.raises(ExecError) as failure:
        run(namespace)
    assert failure.value.ending == "lost"
    assert "lost its pod before it ended" in failure.value.sentence
    assert failure.value.evidence == "step 1"


@pytest.mark.parametrize(
    "status",
    [
        b"no JSON",
        b"[]",
        b"5",
        b"[" * 50_000,
        b'{"details": 5}',
        b'{"details": {"causes": 5}}',
        b'{"details": {"causes": [5, {"reason": "ExitCode", "message": "three"}]}}',
        b'{"details": {"causes": [{"reason": "ExitCode"}]}}',
        b'{"details": {"causes": [{"reason": "ExitCode", "message": "' + b"9" * 5000 + b'"}]}}',
        b'{"status": "Failure", "message": "' + b"x" * 200_000 + b'"}',
    ],
)
def test_an_end_that_tells_no_exit_code_is_shown(
    kubelet: Kubelet, namespace: Namespace, status: bytes
) -> None:
    def says(it: Kubelet) -> None:
        for at in range(0, len(status), 30_000):
            it.send(ERROR, status[at : at + 30_000])
        it.close()

    kubelet.says = says
    with pytest.raises(ExecError) as failure:
        run(namespace)
    assert failure.value.ending == "refused"
    assert f"could not run: {status[:40].decode()}" in failure.value.sentence
    assert len(failure.value.sentence) < 1200


def test_what_is_cut_from_standard_output_is_told(kubelet: Kubelet, namespace: Namespace) -> None:
    def says(it: Kubelet) -> None:
        for _ in range(10):
            it.send(STDOUT, b"0123456789\n")
        it.end(SUCCESS)

    kubelet.says = says
    assert run(namespace, keep=40).cut
    assert not run(namespace).cut


# Secrets in what it prints.


def test_a_secret_is_masked_in_what_a_person_reads_and_not_in_what_a_program_does(
    kubelet: Kubelet, namespace: Namespace, redactor: Redactor
) -> None:
    def says(it: Kubelet) -> None:
        for piece in (b"connecting with hun", b"ter22\n", b"aHVudGVyMjI=\n", b"port 5432 hun"):
            it.send(STDOUT, piece)
        it.end(SUCCESS)

    redactor.add("hunter22")
    kubelet.says = says
    heard: list[str] = []
    done = run(namespace, heard=heard.append)
    assert done.output == f"connecting with {MASK}\n{MASK}\nport 5432 hun"
    assert done.stdout == "connecting with hunter22\naHVudGVyMjI=\nport 5432 hun"
    assert "".join(heard) == done.stdout
    assert "hunter22" not in repr(done)


def test_a_secret_is_masked_in_what_an_error_says(
    kubelet: Kubelet, namespace: Namespace, redactor: Redactor
) -> None:
    redactor.add("hunter22", "migrate")
    kubelet.says = lambda it: it.end(NO_SUCH_COMMAND | {"message": "no hunter22 in $PATH"})
    with pytest.raises(ExecError, match=re.escape(f"could not run: no {MASK} in $PATH")):
        run(namespace)
    kubelet.refuses = "hunter22 may not"
    with pytest.raises(ExecError) as refused:
        run(namespace)
    assert "hunter22" not in on_screen(refused.value)
    kubelet.refuses = ""

    def says(it: Kubelet) -> None:
        it.send(STDERR, b"hunter22 is wrong\nhunter2")
        it.hang()

    kubelet.says = says
    with pytest.raises(ExecError) as hanging:
        run(namespace, timeout=3)
    assert hanging.value.output == f"{MASK} is wrong\nhunter2"
    assert f"-- npm run {MASK}`" in hanging.value.sentence


# How it stood at its deadline.


def printed(*lines: str) -> Output:
    output = Output()
    for line in lines:
        output.take(f"{line}\n")
    return output


def test_one_that_has_been_silent_for_long_hangs_whatever_it_printed_before() -> None:
    assert ending_at_deadline(120, 110, printed("altering person")) == (
        "hangs",
        "was given up at its deadline of 120 s: it has printed nothing for 110 s, "
        "the last: altering person",
    )


def test_one_that_printed_just_now_is_still_printing() -> None:
    ending, why = ending_at_deadline(
        120, 0.2, printed(*(f"row {number}" for number in range(1204)))
    )
    assert ending == "endless"
    assert why == ("was still printing at its deadline of 120 s: 1,204 lines, the last: row 1203")


@pytest.mark.parametrize(
    ("status", "code"), [(SUCCESS, 0), (FAILURE, 3), (NO_SUCH_COMMAND, None), ({}, None)]
)
def test_an_exit_code_is_read_from_the_status_that_ends_an_exec(
    status: Any, code: int | None
) -> None:
    assert exit_code(status) == code
