"""Small input that stands for much, and much input: nothing takes more than 200 MB, or ends us."""

import subprocess
import sys
from pathlib import Path

import pytest
from fakes.folders import TESTS
from fakes.memory import begin_measuring

# What a child of its own does with one input, and how much memory it had then, at most.
CHILD = """
import re, resource, sys, tempfile
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
folder = Path(tempfile.mkdtemp(dir=sys.argv[1]))
{}
# Not ru_maxrss, which a child has from its parent.
print(int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) // 1024)
"""
YAML = """
from pytest_canary.manifests.documents import read
from pytest_canary.manifests.parsing import parse
(folder / "x.yml").write_text({})
print([each.sentence for each in parse(read(folder / "x.yml", folder)).faults][-1])
"""
BOMB = (
    "'x0: &x0 [a, b]\\n' + "
    "''.join(f'x{n}: &x{n} [' + ', '.join([f'*x{n - 1}'] * 9) + ']\\n' for n in range(1, 10))"
)
MERGES = (
    "'x0: &x0 {k: v}\\n' + ''.join("
    "f'x{n}: &x{n}\\n  <<: [' + ', '.join([f'*x{n - 1}'] * 9) + ']\\n' for n in range(1, 10))"
)
TOO_MUCH = "it holds more than 100,000 values"
TOO_DEEP = "it is nested deeper than 100 levels"


def child(folder: Path, script: str) -> str:
    """What a child says; it ends as it should, and has taken less than 200 MB."""
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(script), str(folder)],
        capture_output=True,
        text=True,
        env={"PYTHONPATH": f"{TESTS}:{TESTS.parent}", "PATH": "/usr/bin:/bin"},
        check=False,
        timeout=600,  # it is ended then, and this test fails
    )
    assert done.returncode == 0, done.stderr[-2000:]
    *said, memory = done.stdout.splitlines()
    assert int(memory) < 200
    return "\n".join(said)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (BOMB, TOO_MUCH),
        (MERGES, TOO_MUCH),
        ("'a: ' + '[' * 100_000 + ']' * 100_000", TOO_DEEP),
        ("'{{' * 50_000", TOO_DEEP),
        ("'l:\\n' + '- a\\n' * 450_000", TOO_MUCH),
        ("'x' * 50_000_000", "it has more than 2.0 MB"),
    ],
)
def test_a_bomb_of_yaml_is_a_finding(tmp_path: Path, text: str, sentence: str) -> None:
    assert sentence in child(tmp_path, YAML.format(text))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("'a = [' + '[],' * 50_000 + ']'", "canary.toml: a = [[], [], "),
        ("'a = ' + '[' * 100_000", "canary.toml is nested too deeply"),
        ("'#' * 50_000_000", "canary.toml has more than 1.0 MB"),
    ],
)
def test_a_bomb_of_settings_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    said = child(
        tmp_path,
        f"""
from pytest_canary.config.settings_file import load
from pytest_canary.core.errors import SettingsError
(folder / "canary.toml").write_text({text})
try:
    load(folder)
except SettingsError as error:
    print(str(error)[:200])
""",
    )
    assert said.startswith(sentence)


@pytest.mark.parametrize(
    ("piece", "sentence"),
    [
        ("b'x' * 65536", "GET /all of the Service answers with more than 8.0 MB"),
        ("b'[],' * 20_000", "GET /all of the Service answers with more than 8.0 MB"),
        ("b'[' * 65536", "GET /all of the Service answers with more than 8.0 MB"),
    ],
)
def test_an_answer_without_end_is_told(tmp_path: Path, piece: str, sentence: str) -> None:
    said = child(
        tmp_path,
        f"""
from fakes.rude_server import RudeServer
from pytest_canary.api.addressbook import Addressbook
from pytest_canary.config.api_settings import ApiSettings
from pytest_canary.core.errors import ApiError
def answers(connection, asked, stopping):
    connection.sendall(b"HTTP/1.1 200 X\\r\\nConnection: close\\r\\n\\r\\n")
    while not stopping.is_set():
        connection.sendall({piece})
server = RudeServer(answers)
try:
    Addressbook(server.url, ApiSettings(), 20).all()
except ApiError as error:
    print(str(error)[:200])
finally:
    server.stop()
""",
    )
    assert said.startswith(sentence)


def test_a_command_that_prints_all_the_time_takes_no_memory(tmp_path: Path) -> None:
    said = child(
        tmp_path,
        """
from pytest_canary.core.errors import CommandError
from pytest_canary.core.processes import Processes
try:
    Processes().run(["yes", "0123456789" * 100], timeout=1)
except CommandError as error:
    print(error.sentence)
""",
    )
    assert "was stopped at its deadline of 1 s" in said


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the system does not tell")
def test_what_was_held_at_once_is_seen_though_it_was_let_go() -> None:
    """By this the tests of input that nobody means are bounded."""
    taken = begin_measuring()
    assert taken() < 50_000_000
    bytearray(250_000_000)
    assert taken() > 200_000_000
