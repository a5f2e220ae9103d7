"""When a CronJob runs, as Kubernetes reads it: five fields, or a word for them."""

from __future__ import annotations

import re

from pytest_canary.core.wording import plural

WORDS = re.compile(r"@(yearly|annually|monthly|weekly|daily|midnight|hourly|every \S+)")

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

# Each field: its name, its least and greatest number, and the words for its numbers.
FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, MONTHS),
    ("day of the week", 0, 6, DAYS),
)


def unread(schedule: str) -> str:
    """What Kubernetes can't read in a schedule, as a person says it; empty where it can."""
    if WORDS.fullmatch(schedule.strip()):
        return ""
    parts = schedule.split()
    if parts and re.match(r"(CRON_)?TZ=", parts[0]):
        return "a time zone, which timeZone is for"
    if len(parts) != len(FIELDS):
        return f"{plural(len(parts), 'field')} in the place of 5"
    for part, (name, least, most, words) in zip(parts, FIELDS, strict=True):
        if not all(_fits(each, least, most, words) for each in part.split(",")):
            return f"{part} as its {name}, which is from {least} to {most}"
    return ""


def _fits(part: str, least: int, most: int, words: tuple[str, ...]) -> bool:
    whole, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and int(step) > 0):
        return False
    if whole in ("*", "?"):
        return True
    first, dash, last = whole.partition("-")
    begin = _number(first, least, words)
    end = _number(last, least, words) if dash else begin
    return begin is not None and end is not None and least <= begin <= end <= most


def _number(text: str, least: int, words: tuple[str, ...]) -> int | None:
    if text.lower() in words:
        return words.index(text.lower()) + least
    return int(text) if text.isdecimal() else None
