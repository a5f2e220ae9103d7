"""What is heard, kept and masked of a command's output, and what it is given to read."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fakes.commands import PYTHON, sh

from pytest_canary.core.errors import CommandError
from pytest_canary.core.masking import Redactor
from pytest_canary.core.processes import Processes


def test_a_secret_is_masked_wherever_it_comes_out() -> None:
    script, secret = 'echo "password $P"; echo "again $P" >&2; exit 1', "pa.55*word"
    heard: list[str] = []
    discreet = Processes(Redactor([secret]))
    with pytest.raises(CommandError) as failed:
        sh(script, by=discreet, env={"P": secret, **os.environ}, heard=heard.append)
    assert failed.value.output.splitlines() == ["password ********", "again ********"] or (
        failed.value.output.splitlines() == ["again ********", "password ********"]
    )
    assert sorted(heard) == ["again ********", "password ********"]
    assert sh('echo "$P"', by=discreet, env={"P": secret, **os.environ}) == "********\n"


def test_what_a_program_reads_stays_as_it_is() -> None:
    discreet = Processes(Redactor(["orders"]))
    assert discreet.read(["echo", "docker.io/library/orders:1"], timeout=20) == (
        "docker.io/library/orders:1\n"
    )
    with pytest.raises(CommandError) as failed:
        discreet.read(["sh", "-c", "echo orders; exit 1"], timeout=20)
    assert "orders" not in str(failed.value)


def test_a_secret_that_is_told_later_is_masked_from_then_on() -> None:
    redactor = Redactor()
    part = Processes(redactor).part()
    assert sh("echo hunter22", by=part) == "hunter22\n"
    redactor.add("hunter22")
    assert sh("echo hunter22", by=part) == "********\n"


def test_every_line_is_heard_as_it_is_written(tmp_path: Path) -> None:
    """The second is written only once the first is heard."""
    heard: list[str] = []
    begun = tmp_path / "begun"

    def hear(line: str) -> None:
        heard.append(line)
        begun.touch()

    sh(f"echo ' one '; until [ -e {begun} ]; do sleep 0.05; done; echo two >&2", heard=hear)
    assert heard == ["one", "two"]


def test_of_a_line_that_is_no_lines_length_only_the_beginning_is_heard() -> None:
    heard: list[str] = []
    sh("head -c 300000 /dev/zero | tr '\\0' x; echo; printf end", heard=heard.append)
    assert heard == ["x" * 500, "end"]


def test_of_a_long_output_head_and_tail_are_kept() -> None:
    script = "echo first; head -c 9000000 /dev/zero | tr '\\0' 'x'; echo; echo last"
    with pytest.raises(CommandError) as failed:
        sh(f"{script}; exit 1")
    for out in (sh(script), failed.value.output):
        assert out.startswith("first\nxxx")
        assert out.endswith("xxx\nlast\n")
        # How much is kept goes by the pieces that the pipe gives.
        assert re.search(r"\n… (7\.9|8(\.0)?) MB left out …\n", out)
        assert len(out) < 1_200_000


def test_an_output_that_never_ends_is_bounded_at_the_deadline() -> None:
    with pytest.raises(CommandError, match=r"was stopped at its deadline of 2 s") as failed:
        sh("echo first; exec yes 0123456789", timeout=2)
    assert failed.value.output.startswith("first\n0123456789\n")
    assert " lines left out" in failed.value.output
    assert len(failed.value.output) < 1_200_000


def test_no_half_of_a_secret_is_left_where_an_output_is_cut() -> None:
    secret, filling = "s3cr3t-" * 11, "x" * 60
    discreet = Processes(Redactor([secret]))
    out = sh(f"yes {secret}{filling} | head -n 20000", by=discreet)
    assert " lines left out" in out
    assert "s3cr" not in out


def test_a_program_gets_an_output_whole_or_not_at_all() -> None:
    def prints(letters: int) -> list[str]:
        return ["sh", "-c", f"head -c {letters} /dev/zero | tr '\\0' x"]

    assert len(Processes().run_bytes(prints(32_000_000), timeout=20)) == 32_000_000
    with pytest.raises(CommandError) as failed:
        Processes().read(prints(32_000_001), timeout=20)
    assert failed.value.sentence == (
        "`sh` has printed 32.0 MB, and no more than 32.0 MB of its output can be held"
    )


def test_standard_input_comes_in_chunks() -> None:
    chunks = (bytes([n]) * 70_000 for n in range(20))
    argv = [PYTHON, "-c", "import sys; print(len(sys.stdin.buffer.read()))"]
    assert Processes().run(argv, timeout=20, stdin=chunks) == "1400000\n"


def test_without_standard_input_a_command_reads_the_end() -> None:
    assert sh("cat; echo end") == "end\n"


def test_a_command_that_ends_before_its_input_tells_why() -> None:
    with pytest.raises(CommandError) as failed:
        sh("echo no room >&2; exit 4", stdin=(b"x" * 100_000 for _ in range(50)))
    assert (failed.value.code, failed.value.output) == (4, "no room\n")


def test_a_command_that_reads_nothing_is_stopped_at_its_deadline_too() -> None:
    with pytest.raises(CommandError, match=r"was stopped at its deadline of 0\.4 s"):
        sh("sleep 60", timeout=0.4, stdin=(b"x" * 100_000 for _ in range(50)))


def test_an_input_that_breaks_stops_the_command() -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise ValueError("the engine went away")

    ours = Processes()
    with pytest.raises(ValueError, match="the engine went away"):
        sh("cat >/dev/null; sleep 60", by=ours, stdin=broken())
    assert ours.alive() == []
