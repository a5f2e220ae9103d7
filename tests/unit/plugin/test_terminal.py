"""What a session says of itself: its header, the end of a stage's line, its last lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fakes.stages import Checks, Stages

from pytest_canary.config.plan import Plan
from pytest_canary.config.target import Target
from pytest_canary.context.evidence import Failure
from pytest_canary.context.journal import Journal
from pytest_canary.core.errors import FoundError
from pytest_canary.core.findings import Finding
from pytest_canary.plugin.state import FailedTest, SessionOutcome
from pytest_canary.plugin.terminal import (
    CheckSummary,
    Line,
    RehearsalSummary,
    Summary,
    Terminal,
    UnderWay,
)

LATEST = Finding(
    "latest-image",
    "container proxy runs proxy, which may be another image tomorrow",
    where="deployment.yml:31",
    evidence="  31 | image: proxy",
    next="write a tag that stays, or a digest",
)
BUDGET = Finding("blocking-budget", "no pod may go")
MISSING = Finding("missing-secret", "it will not be there")
FAILED = FailedTest("canary/canary::it holds", "it does not", "canary", is_check=True)
TOO = FailedTest("canary/rollback::it is back", "neither", "rollback", is_check=True)
PLANNED = {"preflight": 2, "canary": 3, "rollback": 2, "cleanup": 2}


class Screen:
    """Keeps what is written, with what pytest would have written before."""

    def __init__(self, column: int = 0, verbose: bool = False) -> None:
        self.column, self.verbose = column, verbose
        self.text = ""
        self.markup: list[dict[str, bool]] = []
        self.percentages = True

    def hide_percentages(self) -> None:
        self.percentages = False

    def begin_line_anew(self) -> None:
        self.text += "(anew)"

    def end_line(self) -> None:
        self.text += "(end)"
        self.column = 0

    def write(self, text: str, *, ours: str) -> None:
        self.text += ours + text

    def write_title(self, text: str, **markup: bool) -> None:
        self.text += f"== {text} ==\n"
        self.markup.append(markup)

    def write_line(self, text: str, *, ours: str = "", **markup: bool) -> None:
        self.text += f"{ours}{text}\n"
        self.markup.append(markup)


def terminal(
    screen: Screen, stages: Stages, outcome: SessionOutcome, summary: Any = None
) -> Terminal:
    shown: Any = screen
    return Terminal(shown, stages.rehearsal, outcome, summary)


def under_way(screen: Screen, stages: Stages, progress: Any = None) -> UnderWay:
    shown: Any = screen
    return UnderWay(shown, stages.rehearsal, progress)


def run(plugin: Terminal, item: pytest.Item, following: pytest.Item | None) -> None:
    running = plugin.pytest_runtest_protocol(item, following)
    next(running)
    with pytest.raises(StopIteration):
        running.send(None)


def test_a_stages_line_ends_with_its_time_and_figures(stages: Stages, checks: Checks) -> None:
    screen = Screen(column=20)
    plugin = terminal(screen, stages, SessionOutcome(seconds={"canary": 12.34}))
    stages.journal.notes["canary"] = ["1 of 3", "none lost"]
    first, second, *_ = checks("canary")
    run(plugin, first, second)
    assert screen.text == ""
    run(plugin, second, checks("migration")[0])
    assert screen.text == f"{' ' * 12}  12.3 s  1 of 3; none lost"
    assert screen.percentages is False


def test_a_stage_without_figures_ends_with_its_time(stages: Stages, checks: Checks) -> None:
    screen = Screen(column=50)
    run(
        terminal(screen, stages, SessionOutcome(seconds={"canary": 0.04})),
        checks("canary")[0],
        None,
    )
    assert screen.text == "    0.0 s"


def test_verbose_names_the_stage_again(stages: Stages, checks: Checks) -> None:
    screen = Screen(column=70, verbose=True)
    run(terminal(screen, stages, SessionOutcome(seconds={"canary": 1})), checks("canary")[0], None)
    assert screen.text == f"(end)canary/canary{' ' * 19}   1.0 s"


def test_progress_makes_room_for_a_dot(stages: Stages) -> None:
    broken = [False, True]
    progress: Any = SimpleNamespace(clear=lambda: broken.pop(0), close=lambda: broken.append(True))
    screen = Screen()
    plugin = under_way(screen, stages, progress)
    plugin.pytest_runtest_logreport()
    assert screen.text == ""
    plugin.pytest_runtest_logreport()
    assert screen.text == "(anew)"
    plugin.pytest_unconfigure()
    assert broken == [True], "it is closed"


class Said(Summary):
    """What a session says of itself: these lines."""

    def __init__(self, *lines: Line) -> None:
        self._lines = lines

    def header(self) -> str:
        return "canary: it"

    def lines(self) -> Iterator[Line]:
        return iter(self._lines)


def test_a_sessions_lines_are_the_summarys(stages: Stages) -> None:
    summary = Said(Line("one"), Line("two", "red", "its "))
    screen = Screen()
    plugin = terminal(screen, stages, SessionOutcome(), summary=summary)
    assert plugin.pytest_report_header() == "canary: it"
    plugin.pytest_terminal_summary()
    assert screen.text == "canary: one\ncanary: its two\n"
    assert screen.markup == [{}, {"red": True}]


def test_warnings_are_on_their_stages_line_and_told_in_the_end(
    stages: Stages, checks: Checks
) -> None:
    stages.journal.tell("canary", [LATEST, BUDGET])
    screen = Screen(column=50)
    summary = Said(Line("passed"))
    plugin = terminal(screen, stages, SessionOutcome(seconds={"canary": 0.04}), summary=summary)
    run(plugin, checks("canary")[0], None)
    assert screen.text == "    0.0 s  2 warnings: latest-image, blocking-budget"
    screen.text = ""
    plugin.pytest_terminal_summary()
    assert screen.text == (
        "== canary: 2 warnings ==\n"
        "container proxy runs proxy, which may be another image tomorrow\n"
        "    seen    deployment.yml:31, rule latest-image\n"
        "    next    write a tag that stays, or a digest\n"
        "      31 | image: proxy\n"
        "no pod may go\n"
        "    seen    rule blocking-budget\n"
        "canary: passed\n"
    )
    assert screen.markup[:2] == [{"yellow": True}, {"yellow": True, "bold": True}]


@pytest.mark.parametrize(
    ("report", "shown"),
    [
        ({}, ("passed", "w", ("WARNED", {"yellow": True}))),
        ({"passed": False}, None),
        ({"when": "teardown"}, None),
        ({"user_properties": [("canary.stage", "canary")]}, None),
    ],
)
def test_a_check_that_has_told_a_warning_passes_with_a_letter_of_its_own(
    stages: Stages, report: dict[str, Any], shown: object
) -> None:
    warned = {"when": "call", "passed": True, "user_properties": [("canary.warnings", "x")]}
    given: Any = SimpleNamespace(**warned | report)
    assert terminal(Screen(), stages, SessionOutcome()).pytest_report_teststatus(given) == shown


@pytest.mark.parametrize(
    ("kind", "public"),
    [
        ("LoadBalancer", "; its Service of type LoadBalancer may get a public address"),
        ("NodePort", ""),
    ],
)
def test_somebodys_cluster_is_named_before_anything_is_made_in_it(
    plan: Plan, kind: str, public: str
) -> None:
    server = "https://10.0.0.1:6443"
    stages = Stages(replace(plan, target=Target("shop-test", "shop", server)))
    plan.settings.files.service.write_text(f"spec: {{type: {kind}}}\n")
    screen = Screen()
    for collect_only, text in (
        (True, ""),
        (
            False,
            f"canary: the walk is in context shop-test at {server}, in a namespace of its own"
            f"{public}\n",
        ),
    ):
        session: Any = SimpleNamespace(
            config=SimpleNamespace(option=SimpleNamespace(collectonly=collect_only))
        )
        under_way(screen, stages).pytest_runtestloop(session)
        assert screen.text == text


def rehearsal_lines(
    plan: Plan, outcome: SessionOutcome, page: Path | None = None, **notes: str
) -> Any:
    rehearsal: Any = SimpleNamespace(
        plan=plan,
        journal=SimpleNamespace(
            run="a1b2c3", notes={stage: [note] for stage, note in notes.items()}
        ),
        kubeconfig=Path("/run/kubeconfig"),
        summary=lambda: "shop passed every stage",
    )
    recorder: Any = SimpleNamespace(
        page=page,
        promotion=lambda passed: SimpleNamespace(sentence=f"promotion, passed: {passed}"),
    )
    return RehearsalSummary(rehearsal, outcome, recorder)


def test_the_header_says_what_is_rehearsed_and_where(plan: Plan) -> None:
    title = "canary: shop, upgrade; baseline shop:1 (an option)"
    settings = f"settings: {plan.settings.source}; run a1b2c3"
    for options, where in (
        (plan.options, "kind's own node image"),
        (replace(plan.options, node_image="kindest/node:v1"), "kindest/node:v1"),
        (replace(plan.options, context="prod", node_image="x"), "prod"),
    ):
        summary = rehearsal_lines(replace(plan, options=options), SessionOutcome())
        assert summary.header() == f"{title}; {where}; {settings}"


@pytest.mark.parametrize(
    ("outcome", "lines"),
    [
        (
            SessionOutcome(PLANNED, 9),
            [Line("shop passed every stage", "green"), Line("promotion, passed: True")],
        ),
        (
            SessionOutcome({"canary": 3}, 3),
            [Line("shop passed every stage", "green")],
        ),
        (
            SessionOutcome({"canary": 3}, 3, finished=True, stopped_by="Ctrl-C", stop_code=2),
            [
                Line("shop passed every stage", "green"),
                Line(
                    "Ctrl-C came in the cleanup, which went on to its end; the exit code is 2",
                ),
            ],
        ),
        (
            SessionOutcome(PLANNED, 4),
            [Line("4 of the walk's 9 checks were made, and held")],
        ),
        (SessionOutcome(), []),
        (
            SessionOutcome(PLANNED, 4, failed=FAILED, rollback_failed=TOO, rolls_back=True),
            [
                Line("it does not", "red", "failed at canary/canary::it holds: "),
                Line("neither", "red", "and so did the rollback, at canary/rollback::it is back: "),
                Line("promotion, passed: False"),
            ],
        ),
        (
            SessionOutcome(PLANNED, 4, failed=FAILED, rolls_back=True),
            [
                Line("it does not", "red", "failed at canary/canary::it holds: "),
                Line("back in 2 s"),
                Line("promotion, passed: False"),
            ],
        ),
        (
            SessionOutcome(PLANNED, 4, failed=FAILED),
            [
                Line("it does not", "red", "failed at canary/canary::it holds: "),
                Line("promotion, passed: False"),
            ],
        ),
        (
            SessionOutcome(PLANNED, 7, kept=True),
            [
                Line(
                    "run a1b2c3 is kept; look at it with KUBECONFIG=/run/kubeconfig, remove it "
                    "with pytest --canary-reap"
                ),
                Line("shop passed every stage", "green"),
                Line("promotion, passed: True"),
            ],
        ),
    ],
)
def test_the_last_lines_say_what_came_of_it(
    plan: Plan, outcome: SessionOutcome, lines: list[Line]
) -> None:
    summary = rehearsal_lines(plan, outcome, rollback="back in 2 s")
    assert list(summary.lines()) == lines


def test_the_very_last_line_is_where_the_report_is(plan: Plan) -> None:
    page = Path("canary-report/report.html")
    assert list(rehearsal_lines(plan, SessionOutcome(), page).lines()) == [Line("", ours=str(page))]


@pytest.mark.parametrize(
    ("held", "errors", "warnings", "line"),
    [
        (2, [], [], Line("nothing wrong found in deployment.yml and service.yml", "green")),
        (
            2,
            [],
            [LATEST],
            Line("no error, 1 warning", "yellow"),
        ),
        (1, [], [], Line("1 of 2 checks were made, and hold")),
        (1, [FoundError([MISSING])], [], Line("1 error, 1 of 2 checks hold", "red")),
        (
            0,
            [FoundError([MISSING, MISSING]), FoundError([MISSING])],
            [LATEST, BUDGET],
            Line("3 errors, 2 warnings, 0 of 2 checks hold", "red"),
        ),
        (0, [LookupError("a mistake")], [], Line("1 error, 0 of 2 checks hold", "red")),
    ],
)
def test_a_check_says_what_it_has_found(
    plan: Plan, held: int, errors: list[Exception], warnings: list[Finding], line: Line
) -> None:
    journal = Journal(plan)
    journal.failures += [Failure("preflight", error) for error in errors]
    journal.tell("preflight", warnings)
    check: Any = SimpleNamespace(plan=plan, journal=journal)
    failed = FAILED if errors else None
    summary = CheckSummary(check, SessionOutcome({"preflight": 2}, held, failed=failed))
    assert list(summary.lines()) == [line]
    assert list(CheckSummary(check, SessionOutcome()).lines()) == []
    assert summary.header() == f"canary: {plan.title}; settings: {plan.settings.source}"
