"""The line of a log that tells why a process ended: found by what runtimes write."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

LIMIT = 200

# What a runtime or a program writes as it gives up; one of these lines says why.
_STRONG = re.compile(
    r"^(?:\[?\d[\dTZ:., +-]*\]?\s+)?(?:"
    r"panic: |fatal error: "  # Go
    r"|Exception in thread |Caused by: "  # Java
    r"|Unhandled exception\. "  # .NET
    r"|PHP Fatal error: "
    r"|(?:Uncaught )?[A-Za-z_][\w.]*(?:Error|Exception)(?: \[\w+\])?: \S"  # Python, Node
    r"|[A-Za-z_][\w.]*(?:Error|Exception)$"
    r"|\S+:\d+:in [`'].*\(\w[\w:]*\)$"  # Ruby
    r"|(?:FATAL|CRITICAL|PANIC|EMERG)\b"
    r")"
)
_WEAK = re.compile(
    r"\b(?:fatal|panic|error|critical|exception|can'?t|cannot|can not|could not|unable to|failed"
    r"|denied|refused|missing|required|invalid|not found|no such|not set)\b",
    re.IGNORECASE,
)
# Lines that only say that another one is of interest.
_IDLE = re.compile(
    r"^(?:goroutine \d+ |exit status \d+$|npm (?:ERR!|error)|Node\.js v\d|\s*at |\s+from "
    r"|\.\.\. \d+ more|stack backtrace:|note: run with|\(Background on this error"
    r"|\[?(?:ERROR|error)\]?:?\s+Application startup failed|command terminated|Traceback )"
)
# What others may still bring: a server, a sidecar, a name, a lease, a lock, a migration.
_AWAITED = re.compile(
    r"refused|unreachable|unavailable|not (?:yet )?(?:ready|available|reachable)|starting up"
    r"|timed? ?out|deadline exceeded|no route to host|connection (?:reset|closed|failed|lost)"
    r"|(?:could not|can ?not|can't|unable to|failed to) (?:connect|resolve|reach|acquire|obtain)"
    r"|no such host|name resolution|name or service not known|dial tcp"
    r"|\bE(?:CONN\w+|AI_AGAIN|NOTFOUND|HOSTUNREACH|TIMEDOUT)\b"
    r"|\bwait(?:s|ing|ed)?\b|\btry(?:ing)? again|\bretr(?:y|ies|ied|ying)\b"
    r"|\bleases?\b|\bleader\b|\block(?:ed)?\b|\bmigrations?\b|no such table"
    r"|\b(?:relation|table|database) .*(?:does not|doesn't) exist",
    re.IGNORECASE,
)
_COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_WORST = ("fatal", "panic", "critical", "alert", "emergency")
_BAD = ("error", "err", "severe")


def telling_line(log: str) -> str:
    """The line that says most about a process's end; empty where the log has nothing.

    The last one that a runtime or a program wrote as it gave up; else the last that sounds like
    trouble; else the last of all. Long ones are cut after 200 characters.
    """
    lines = [line for line in _COLOUR.sub("", log).splitlines() if line.strip()]
    strong = [line for line in _candidates(lines) if line]
    speaking = [line for line in lines if not _IDLE.match(line)] or lines
    # A line of JSON tells its level, which has been looked at.
    weak = [line for line in speaking if _WEAK.search(line) and not line.startswith("{")]
    for found in (strong, weak, speaking):
        if found:
            return _cut(found[-1].strip())
    return ""


def awaits(line: str) -> bool:
    """Whether a line tells of what others may still bring, so that another try may go well."""
    return _AWAITED.search(line) is not None


def _candidates(lines: list[str]) -> Iterable[str]:
    in_traceback = False
    for position, line in enumerate(lines):
        if line.lstrip().startswith("Traceback (most recent call last)"):
            in_traceback = True
        elif in_traceback and not line.startswith((" ", "\t")):
            # The first line that is not indented is the exception, whatever it is called.
            in_traceback = False
            yield line
        elif line.startswith("thread '") and " panicked at " in line:
            # Rust says where, and why on the next line.
            yield lines[position + 1] if line.endswith(":") and lines[position + 1 :] else line
        elif line.startswith("{"):
            yield _read_json(line)
        elif _STRONG.match(line) and not _IDLE.match(line):
            yield line


def _read_json(line: str) -> str:
    """What a line of JSON says where it is about an error; else nothing."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(record, dict):
        return ""
    level = str(record.get("level") or record.get("severity") or record.get("lvl") or "").lower()
    # pino counts its levels: 50 is an error, 60 is fatal.
    if level not in (*_WORST, *_BAD, "50", "60"):
        return ""
    messages = [record.get(key) for key in ("msg", "message", "error", "err") if record.get(key)]
    return ": ".join(dict.fromkeys(text for text in messages if isinstance(text, str)))


def _cut(line: str) -> str:
    return line if len(line) <= LIMIT else f"{line[: LIMIT - 1]}…"


def quote_line(log: str) -> str:
    """`: "…"` with the telling line, to end a sentence with; empty where there is none."""
    line = telling_line(log)
    return f': "{line}"' if line else ""
