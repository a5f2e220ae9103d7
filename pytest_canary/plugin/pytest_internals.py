"""Whatever of pytest's is private, so that a new pytest can break this module alone."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import pytest
from _pytest._code.code import ExceptionRepr as ExceptionRepr
from _pytest._code.code import ReprFileLocation, TerminalRepr
from _pytest.junitxml import xml_key

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter
    from _pytest.terminal import TerminalReporter

    from pytest_canary.context.evidence import Failure


# A traceback's attributes that are names: pytest's own, by which it chooses how to show the rest,
# and a file's.
NAMES = ("style", "path")

# The property of a test, for --junitxml, that names its stage.
STAGE_PROPERTY = "canary.stage"

# The one that names the rules of the warnings that were told with it.
WARNINGS_PROPERTY = "canary.warnings"

# Those whose values are words of ours.
OURS = (STAGE_PROPERTY, WARNINGS_PROPERTY)


class Screen:
    """What pytest writes its session to.

    Args:
        reporter: pytest's own.
        redact: takes the secrets out of a text.
    """

    def __init__(self, reporter: TerminalReporter, redact: Callable[[str], str] = str) -> None:
        self._reporter = reporter
        self._redact = redact

    @property
    def column(self) -> int:
        """Where the line that pytest has begun stands."""
        return self._reporter._tw.width_of_current_line

    @property
    def verbose(self) -> bool:
        """Whether each test has a line of its own."""
        return self._reporter.config.get_verbosity() > 0

    def hide_percentages(self) -> None:
        """Leave the end of each line of tests free."""
        self._reporter._show_progress_info = False

    def count_collected(self, number: int) -> None:
        """Count items that no file was collected for as collected too."""
        self._reporter._numcollected += number

    def begin_line_anew(self) -> None:
        """Let the next test begin a line with its file, as what was written has broken it."""
        self._reporter.currentfspath = None

    def end_line(self) -> None:
        """Begin a new line, if one is begun."""
        self._reporter.ensure_newline()

    def write(self, text: str, *, ours: str = "") -> None:
        """Write at the end of the line that is begun; what is ours first, as it is."""
        self._reporter.write(ours + self._redact(text))

    def write_title(self, text: str, **markup: bool) -> None:
        """Write the title of a section, which is ours, across the screen."""
        self._reporter.write_sep("=", text, **markup)

    def write_line(self, text: str, *, ours: str = "", **markup: bool) -> None:
        """Write a line of its own; what is ours first, as it is."""
        self._reporter.write_line(ours + self._redact(text), **markup)


class ErrorRepr(TerminalRepr):
    """A failure as a person reads it: a sentence, its evidence, where the files are.

    Args:
        failure: what failed, without secrets.
        path: of the item that it has failed.
    """

    def __init__(self, failure: Failure, path: Path) -> None:
        self.failure = failure
        # What pytest's short summary and --junitxml take as the message.
        self.reprcrash = ReprFileLocation(str(path), 0, failure.sentence)

    @property
    def evidence(self) -> str:
        """What shows it, what else has happened, and where the files are."""
        line = self.failure.line if self.failure.files else ""
        also = self.failure.also_text.rstrip()
        return "\n".join(filter(None, [self.failure.evidence, also, line]))

    def toterminal(self, tw: TerminalWriter) -> None:
        """Write the sentence, then the evidence."""
        tw.line(self.failure.sentence, red=True, bold=True)
        for line in self.evidence.splitlines():
            tw.line(f"    {line}")


def screen(config: pytest.Config, redact: Callable[[str], str] = str) -> Screen | None:
    """The session's terminal; None with `-p no:terminal`.

    Args:
        config: the session's.
        redact: takes the secrets out of a text.
    """
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return Screen(reporter, redact) if reporter else None


def redact_report(
    report: pytest.TestReport | pytest.CollectReport, redact: Callable[[str], str]
) -> None:
    """Take the secrets out of whatever a report shows, as pytest goes on to show it.

    Not out of names, by which pytest and who reads its files find things.

    Args:
        report: of a test or of a collection; changed in place.
        redact: takes the secrets out of a text.
    """
    if isinstance(report.longrepr, tuple):
        path, line, reason = report.longrepr
        report.longrepr = path, line, redact(reason)
    else:
        report.longrepr = _redact_value(report.longrepr, redact)
    report.sections = [(name, redact(text)) for name, text in report.sections]
    if isinstance(report, pytest.TestReport):
        report.user_properties = [
            (name, value if name in OURS else _redact_value(value, redact))
            for name, value in report.user_properties
        ]
        if is_expected_failure(report):
            report.wasxfail = redact(report.wasxfail)


def _redact_value(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, list | tuple):
        return type(value)(_redact_value(each, redact) for each in value)
    # A traceback's entries are in its chain and beside it: the same objects, which must stay so.
    if isinstance(value, TerminalRepr) and not isinstance(value, ErrorRepr):
        for name, part in vars(value).items():
            if name not in NAMES:
                setattr(value, name, _redact_value(part, redact))
    return value


def redact_error(shown: ExceptionRepr, redact: Callable[[str], str]) -> None:
    """Take the secrets out of an error that is no test's; changed in place."""
    _redact_value(shown, redact)


def redact_interrupt(config: pytest.Config, redact: Callable[[str], str]) -> None:
    """Take the secrets out of what the terminal is to show of Ctrl-C, once it has that."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter:
        _redact_value(reporter._keyboardinterrupt_memo, redact)


def redact_logs(config: pytest.Config, redact: Callable[[str], str]) -> None:
    """Take the secrets out of what is logged to the screen and to a file as it comes."""
    logs = config.pluginmanager.get_plugin("logging-plugin")
    for handler in (logs.log_cli_handler, logs.log_file_handler) if logs else ():
        handler.setFormatter(_RedactingFormatter(handler.formatter, redact))


class _RedactingFormatter(logging.Formatter):
    """Formats as another one does, colours and all, what a record says without secrets."""

    def __init__(self, formatter: logging.Formatter, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._formatter = formatter
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        # A copy, as tests may look at the record.
        shown = copy.copy(record)
        shown.msg, shown.args = self._redact(record.getMessage()), None
        shown.stack_info = self._redact(record.stack_info or "")
        if record.exc_info:
            shown.exc_text = self._redact(self._formatter.formatException(record.exc_info))
        return self._formatter.format(shown)


def skip_item(reason: str) -> NoReturn:
    """Skip the item, not a line of this plugin's: the summary then names its stage."""
    raise pytest.skip.Exception(reason, _use_item_location=True)


def failure_message(report: pytest.TestReport) -> str:
    """Why a test failed, in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    lines = str(crash.message if crash else report.longrepr).splitlines()
    return lines[0] if lines else "it says nothing"


def failure_evidence(report: pytest.TestReport) -> str:
    """What a failure's message stands on: an error's evidence, or the traceback."""
    if isinstance(report.longrepr, ErrorRepr):
        return report.longrepr.evidence
    return report.longreprtext


def is_expected_failure(report: pytest.TestReport) -> bool:
    """Whether a test may fail, as its mark `xfail` says or itself by `pytest.xfail`."""
    return "wasxfail" in vars(report)


def skip_reason(report: pytest.TestReport) -> str:
    """Why a test was skipped."""
    representation = report.longrepr
    text = representation[2] if isinstance(representation, tuple) else representation
    return str(text).removeprefix("Skipped: ")


def fixture_modules(item: pytest.Item) -> dict[str, str]:
    """The fixtures that a test uses, each with the module that defines it, as they are set up."""
    info = getattr(item, "_fixtureinfo", None)
    if info is None:
        return {}
    definitions = info.name2fixturedefs
    return {
        name: getattr(definitions[name][-1].func, "__module__", "")
        for name in info.names_closure
        if name in definitions
    }


def add_suite_property(config: pytest.Config, name: str, value: str) -> None:
    """Add a property to the suite in --junitxml's file, if there is to be one."""
    xml = config.stash.get(xml_key, None)
    if xml:
        xml.add_global_property(name, value)
