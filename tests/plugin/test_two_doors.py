"""Secrets put in wherever something comes in, and looked for wherever something goes out.

With them come letters that get at a terminal, and lines that CI takes for commands.

A whole session in the world of tests/fakes: the packaged stages, and pytest as its user has it.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from fakes import app
from fakes.app import Asked, Reply
from fakes.leaks import HOSTILE, encoded, forms, leaks
from fakes.objects import Object, crashing
from fakes.world import ROOT, SETTINGS, World

from pytest_canary.core.masking import MASK
from pytest_canary.plugin import parts as usual
from pytest_canary.plugin import state
from pytest_canary.plugin.parts import Parts
from pytest_canary.reporting.document import Report

TOKEN = "to\"ké+n/=7&<sh'h>"
KEY = "-----BEGIN KEY-----\nMIIEow+IBAA/KCAQEA==\nq83vEjRWeJq8\n-----END KEY-----"
FROM_CI = "hunter2-from-ci"
UNTOLD = "nobody-told-of-this"

# Everything that pytest can be asked to tell.
NOISY = ("-vvv", "--showlocals", "--log-cli-level=DEBUG", "--log-file=log.txt")
BASELINE = ("--canary", "--canary-baseline", "addressbook:111111111111")

# A script prints what its environment has; in base64 too, with something before it.
PRINTS = """
printf '%s\\n%s\\n%s\\n' "$API_TOKEN" "$SIGNING_KEY" "$SMTP_PASSWORD"
printf 'postgres://shop:%s@db\\n' nobody-told-of-this
printf '\\033[2J\\n::stop-commands::x\\n##vso[x]\\n##[x]\\n' | tee /dev/stderr
printf '%s' "$DB_PASSWORD" "$API_TOKEN" | base64 -w0
printf 'password: %s' "$DB_PASSWORD" >&2
printf 'token: %s' "$API_TOKEN" | base64 -w0 >&2
"""

TESTS = """
import logging
import os
import sys
import warnings
from urllib.parse import quote

import pytest
from pytest_canary import CanaryError, Finding
from pytest_canary.errors import FoundError

pytestmark = pytest.mark.canary("canary")

@pytest.fixture
def every(canary_release):
    values = [*canary_release.parameters.values(), *canary_release.settings.environment.values()]
    values.append(os.environ["SMTP_PASSWORD"])
    return [text for value in values if len(value) > 12 for text in (value, quote(value))]

@pytest.fixture
def text(every):
    return " and ".join(every)
"""
LAST = """
def test_the_last(text, every):
    print(text)
    try:
        raise ValueError(text)
    except ValueError as error:
        assert every == [], text
"""
HARMLESS = """
def test_a_skip(text):
    pytest.skip(text)

def test_an_expected_failure(text):
    pytest.xfail(text)

def test_what_is_printed(text):
    print(text)
    print(text, file=sys.stderr)
    logging.error(text)
    try:
        raise ValueError(text)
    except ValueError:
        logging.exception("%s", text, stack_info=True)

def test_a_warning(text):
    warnings.warn(text)

def test_a_property(text, request):
    request.node.user_properties.append(("said", text))

def test_figures_and_versions(text, canary_rehearsal):
    canary_rehearsal.journal.note("canary", text)
    canary_rehearsal.journal.note("rollback", text)
    canary_rehearsal.journal.versions["candidate"] = text
"""


INTERRUPTED = """
def in_a_call(text):
    raise KeyboardInterrupt(text)

def test_the_last(text):
    in_a_call(text)
"""
BROKEN_HOOK = """
import os

def in_a_call(text):
    raise RuntimeError(text)

def pytest_runtest_logfinish(nodeid):
    if "is deployed" in nodeid:
        in_a_call(os.environ["SMTP_PASSWORD"])
"""


class Session:
    """A session of pytest on a project, in a world of fakes.

    Attributes:
        world: what the project is rehearsed in.
        screen: what its user sees.
        write_report: writes the report; its pictures, which take a second, are drawn once only.
    """

    def __init__(self, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
        self._pytester = pytester
        self.folder = pytester.path
        environment = {"PORT": "3000", "API_TOKEN": TOKEN, "SIGNING_KEY": KEY}
        self.world = World(self.folder, monkeypatch, empty=True, environment=environment)
        shutil.copytree(ROOT / "manifests", self.folder / "manifests")
        (self.folder / "Dockerfile").write_text("FROM scratch\n")
        tables = SETTINGS | {"environment": environment}
        (self.folder / "canary.toml").write_text(
            'name = "addressbook"\n' + "".join(map(_table, tables, tables.values()))
        )
        (self.folder / "pytest.ini").write_text(
            "[pytest]\naddopts = -p no:cacheprovider\nfilterwarnings = default\n"
        )
        self.extend("apply.sh", "#!/bin/sh\n", ': "$API_TOKEN" "$SIGNING_KEY"\n')
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(self.folder / "summary.md"))
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("SMTP_PASSWORD", FROM_CI)
        (self.folder / "temporary").mkdir()
        monkeypatch.setenv("TMPDIR", str(self.folder / "temporary"))
        monkeypatch.setattr(tempfile, "tempdir", None)
        self.screen = ""
        self.write_report = write_json

    @property
    def secrets(self) -> list[str]:
        """All that nobody is to read; the password has to be made first."""
        passwords = [
            base64.b64decode(item["data"]["DB_PASSWORD"]).decode()
            for item in self.world.namespace.objects("Secret")
            if item["metadata"]["name"] == "db-params"
        ]
        return [*passwords, TOKEN, KEY, FROM_CI]

    @property
    def said(self) -> str:
        """The secrets in every form, as something may tell them, and what does harm."""
        told = [form for each in self.secrets for form in (*encoded(each), *forms(each))]
        return "\n".join([*told, f"postgres://shop:{UNTOLD}@db", HOSTILE])

    def extend(self, script: str, after: str, text: str) -> None:
        """Put something into a script of the world's."""
        path = self.folder / script
        path.write_text(path.read_text().replace(after, after + text, 1))

    def run(self, *arguments: str) -> None:
        """Run pytest as its user does."""
        parts = Parts(
            builders=self.world.builders,
            clock=self.world.clock,
            reap=lambda *_: 0,
            write_report=self.write_report,
        )
        result = self._pytester.runpytest_inprocess(
            *arguments,
            "--junitxml=junit.xml",
            "-rA",
            plugins=[Given(parts)],
            no_reraise_ctrlc=True,
        )
        self.screen = "\n".join([*result.outlines, *result.errlines])

    def shown(self) -> dict[str, str]:
        """All that goes out, by where."""
        found = {"screen": self.screen}
        kept = [self.folder / "log.txt", self.folder / "summary.md"]
        for folder in ("canary-report", "state", "temporary"):
            kept += (self.folder / folder).rglob("*")
        found |= {path.name: path.read_text() for path in kept if path.is_file()}
        xml = ElementTree.parse(self.folder / "junit.xml")
        texts = [text for each in xml.iter() for text in (each.text or "", *each.attrib.values())]
        return found | {"junit.xml": "\n".join(texts)}

    def leaks(self) -> list[str]:
        """Where a secret has come out, and in which form; and what does harm."""
        shown = self.shown()
        untold = [f"{where}: {UNTOLD}" for where, text in shown.items() if UNTOLD in text]
        return leaks(self.secrets, shown) + untold


def write_json(report: Report, folder: Path) -> list[Path]:
    (folder / "report.json").write_text(report.text)
    return [folder / "report.json"]


class Given:
    """Hands the plugin what it works with."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def pytest_configure(self, config: pytest.Config) -> None:
        config.stash[state.PARTS] = self._parts


def _table(name: str, table: dict[str, Any]) -> str:
    lines = []
    for key, value in table.items():
        if isinstance(value, dict):
            lines.append(_table(f"{name}.{key}", value))
        elif isinstance(value, list) and isinstance(value[0], dict):
            lines.append(f"{key} = [{', '.join(map(_inline, value))}]")
        else:
            lines.append(f"{key} = {json.dumps(value)}")
    return "\n".join([f"[{name}]", *lines, ""])


def _inline(table: dict[str, Any]) -> str:
    return "{" + ", ".join(f"{key} = {json.dumps(value)}" for key, value in table.items()) + "}"


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    made = Session(pytester, monkeypatch)
    yield made
    made.world.stop()


# What comes in.

Inlet = Callable[[Session], object]


def a_script(session: Session) -> None:
    session.extend("apply.sh", "#!/bin/sh\n", f"case $2 in *-canary)\n{PRINTS}\nexit 3\nesac\n")


def kubectl(session: Session) -> None:
    session.extend("kubectl", "#!/bin/sh\n", f"case $3 in */service.yml)\n{PRINTS}\nexit 3\nesac\n")
    session.extend("kubectl", "  *) ", PRINTS)


def what_a_pod_says(session: Session) -> None:
    def sick(pod: Object) -> Object:
        name = pod["metadata"]["name"]
        if "canary" not in name:
            return pod
        made, message = crashing(pod), f"no {session.said} there"
        waiting = {"reason": "CreateContainerError", "message": message}
        made["status"]["containerStatuses"][0]["state"] = {"waiting": waiting}
        event = {"type": "Warning", "reason": "Failed", "message": message, "count": 1}
        of = {"kind": "Pod", "name": name}
        session.world.namespace.put(
            {"kind": "Event", "metadata": {"name": f"{name}.1"}, "involvedObject": of, **event}
        )
        return made

    session.world.namespace.sick = sick
    session.world.namespace.logged = lambda: session.said


def a_command(words: list[str], code: int = 3) -> Inlet:
    def inlet(session: Session) -> None:
        run = session.world.namespace.runs

        def runs(pod: Object, command: list[str], heard: Any) -> tuple[int, str, str]:
            there = session.world.pods("canary")
            if there and command[: len(words)] == words:
                return code, session.said, session.said
            return run(pod, command, heard)

        session.world.namespace.runs = runs

    inlet.__name__ = " ".join(words)
    return inlet


def an_answer(session: Session) -> None:
    def fails(asked: Asked, reply: Reply) -> Reply:
        return Reply(500, {"error": session.said}, reply.headers)

    session.world.app.faults = [app.only("canary", app.refuses_to("PUT", fails))]


def a_test(*bodies: str) -> Inlet:
    def inlet(session: Session) -> None:
        (session.folder / "test_ours.py").write_text("".join([TESTS, *bodies]))

    return inlet


def a_file(session: Session) -> None:
    (session.folder / "test_ours.py").write_text(f"raise ValueError({TOKEN!r})\n")


def a_setting(session: Session) -> None:
    path = session.folder / "apply.sh"
    path.write_text(path.read_text().replace(': "$API_TOKEN" "$SIGNING_KEY"\n', ""))


DEPLOYED = "canary/canary::addressbook-canary is deployed"
OURS = "test_ours.py::test_the_last"

# How something comes in, and the test that fails by it.
INLETS: dict[str, tuple[Inlet, str]] = {
    "a script": (a_script, DEPLOYED),
    "kubectl": (kubectl, "canary/baseline::addressbook-stable is deployed and migrated"),
    "the kubelet and a container's log": (what_a_pod_says, DEPLOYED),
    "ping": (a_command(["app", "ping"]), "canary/migration::ping exits with 0"),
    "migrate": (a_command(["app", "migrate"]), "canary/migration::migrate exits with 0"),
    "the database": (a_command(["psql"]), "canary/migration::ping and migrate run in a canary pod"),
    "an answer": (an_answer, "canary/canary::the canary answers PUT /person and GET /all"),
    "a setting that a preflight finding quotes": (
        a_setting,
        "canary/preflight::every variable of the templates has a value, and is used",
    ),
    "tests": (a_test(HARMLESS, LAST), OURS),
    "a finding": (
        a_test(
            "def test_the_last(text):\n"
            "    raise FoundError([Finding('X', text, text, text, text, text, text)], text)\n"
        ),
        OURS,
    ),
    "an error": (a_test("def test_the_last(text):\n    raise CanaryError(text, text)\n"), OURS),
    "a way to a test": (
        a_test(
            "@pytest.fixture\ndef ours(text):\n    raise CanaryError(text, text)\n\n"
            "def test_the_last(ours):\n    pass\n"
        ),
        OURS,
    ),
    "a file": (a_file, ""),
}


@pytest.mark.parametrize("inlet", INLETS)
def test_no_secret_comes_out_whatever_has_told_it(session: Session, inlet: str) -> None:
    let_in, failed = INLETS[inlet]
    let_in(session)
    if inlet == "tests":
        session.write_report = usual.write_report
    session.run(*BASELINE, *NOISY)
    assert session.leaks() == []
    assert f"failed at {failed}" in session.screen or not failed
    assert [where for where, text in session.shown().items() if MASK in text]
    files = {"report.json", "summary.md"} | ({"report.html"} if inlet == "tests" else set())
    assert files <= {*session.shown()} or not failed


@pytest.mark.parametrize(
    "options",
    [
        # Without -vvv, pytest cuts what is long.
        ("--tb=long", "--showlocals"),
        ("--tb=native",),
        # Nothing of the harness's own is printed past pytest.
        ("-s", *NOISY),
    ],
)
def test_no_secret_comes_out_in_any_style(session: Session, options: tuple[str, ...]) -> None:
    a_script(session)
    a_test(LAST.replace("print(text)", "pass"))(session)
    session.run(*BASELINE, *options)
    assert session.leaks() == []
    assert MASK in session.screen


def test_no_secret_comes_out_where_a_session_ends_in_the_middle(session: Session) -> None:
    a_test(INTERRUPTED)(session)
    session.run(*BASELINE, *NOISY, "--full-trace")
    assert "KeyboardInterrupt" in session.screen
    assert MASK in session.screen
    assert session.leaks() == []


def test_no_secret_comes_out_by_an_error_that_is_no_tests(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    (session.folder / "broken_plugin.py").write_text(BROKEN_HOOK)
    monkeypatch.syspath_prepend(session.folder)
    session.run(*BASELINE, *NOISY, "--full-trace", "-p", "broken_plugin")
    assert re.search(rf"INTERNALERROR> E +RuntimeError: {re.escape(MASK)}", session.screen)
    assert session.leaks() == []
