"""Secrets put in wherever something comes in, and looked for wherever something goes out.

With them come letters that get at a terminal, and lines that CI takes for commands.

A whole session in the world of tests/fakes: the packaged stages, and pytest as its user has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fakes import app
from fakes.app import Asked, Reply
from fakes.objects import Object, unstartable
from fakes.session import TOKEN, Session

from pytest_canary.core.masking import MASK
from pytest_canary.plugin.parts import PageWriter

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
        if "canary" not in pod["metadata"]["name"]:
            return pod
        made, event = unstartable(pod, f"no {session.said} there")
        session.world.namespace.put(event)
        return made

    session.world.namespace.controllers.sick = sick
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
    session.tell_versions()

    def fails(asked: Asked, reply: Reply) -> Reply:
        return Reply(500, {"error": session.said}, reply.headers)

    session.world.app.faults = [app.only("canary", app.refuses_to("PUT", fails))]


def a_test(*bodies: str) -> Inlet:
    def inlet(session: Session) -> None:
        (session.folder / "test_ours.py").write_text("".join([TESTS, *bodies]))

    return inlet


def a_file(session: Session) -> None:
    (session.folder / "test_ours.py").write_text(f"raise ValueError({TOKEN!r})\n")


def a_warning(session: Session) -> None:
    path = session.folder / "apply.sh"
    path.write_text(path.read_text().replace(': "$API_TOKEN" "$SIGNING_KEY"\n', ""))


def a_setting(session: Session) -> None:
    a_warning(session)
    with (session.folder / "canary.toml").open("a") as file:
        file.write('[findings.unused-variable]\nlevel = "error"\n')


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
        session.tell_versions()
        session.report_writer = PageWriter
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


def test_no_secret_comes_out_by_a_warning(session: Session) -> None:
    a_warning(session)
    session.run(*BASELINE, "--canary-until=preflight")
    assert session.leaks() == []
    assert "canary: 2 warnings" in session.screen
    assert session.screen.count(MASK) > 1


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
