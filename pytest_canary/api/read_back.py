"""Whether what was written is there, and once: one read of everything, for every kind of app."""

from __future__ import annotations

import json
import os.path
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_canary.api.writes import Row, Writes
from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import first_lines, plural, times

if TYPE_CHECKING:
    from pytest_canary.api.client import Api


@dataclass(frozen=True)
class ReadBack:
    """What became of the writes.

    Attributes:
        acknowledged: writes that were; each must be there once.
        lost: those that are not there, or less often than others, in words.
        doubled: those that are there more often, in words.
        unacknowledged: writes that may have been done and may not; no answer said so.
        found: how many of these are there.
        read: the request that read them.
        repeated: unacknowledged writes that are there more often than once, in words.
    """

    acknowledged: int
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    unacknowledged: int
    found: int
    read: str
    repeated: tuple[str, ...] = ()

    @property
    def wrong(self) -> tuple[str, ...]:
        """The acknowledged writes that are lost, then those that are doubled, in words."""
        return self.lost + self.doubled

    @property
    def text(self) -> str:
        """In one line: "843 writes, 0 lost, 0 doubled"."""
        lost, doubled = len(self.lost), len(self.doubled)
        line = f"{plural(self.acknowledged, 'write')}, {lost:,} lost, {doubled:,} doubled"
        if self.unacknowledged:
            line += f"; {self.unacknowledged:,} unacknowledged, of which {self.found:,} are there"
        if self.repeated:
            line += f", {len(self.repeated):,} more than once"
        return line

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with them; empty where every one is there once."""
        found = []
        if self.lost:
            found.append(
                Finding(
                    "WriteLost",
                    f"{len(self.lost):,} of {self.acknowledged:,} acknowledged writes are lost: "
                    f"{self.lost[0]}",
                    where=self.read,
                    evidence=first_lines(self.lost),
                    next="look at what was going on when they were acknowledged; if the answer "
                    "shows only some of the rows, let [api.read] ask for all of them",
                )
            )
        for doubled, total, kind in (
            (self.doubled, self.acknowledged, "acknowledged"),
            (self.repeated, self.unacknowledged, "unacknowledged"),
        ):
            if doubled:
                found.append(
                    Finding(
                        "WriteDoubled",
                        f"{len(doubled):,} of {total:,} {kind} writes are doubled: {doubled[0]}",
                        where=self.read,
                        evidence=first_lines(doubled),
                        likely="something between client and database sends a write again; "
                        "the traffic itself sends each once",
                        next="look for retries in the app, its database client and its proxies",
                    )
                )
        return found


def read_back(api: Api, writes: Writes) -> ReadBack:
    """Read everything once, and look for every write.

    Raises:
        ApiError: the read is not answered as promised.
    """
    # Before the read: what is acknowledged while it runs need not be in it.
    rows, unacknowledged = writes.acknowledged, writes.unacknowledged
    request = api.settings.read
    return compare(
        api.read(), rows, unacknowledged, f"{request.method} {request.path} of {api.where}"
    )


def compare(body: str, rows: Sequence[Row], unacknowledged: Sequence[Row], read: str) -> ReadBack:
    """What became of the writes, by what a read shows.

    In JSON with lists, a row is one element of a list, however often it has its text. In anything
    else, such as a page, it is there once where its text is there as often as most are: an app may
    show a row in two places.

    Args:
        body: everything that the app has.
        rows: what was acknowledged.
        unacknowledged: what was sent and not acknowledged: it may be there or not, but not twice.
        read: the request that gave the body, as it is called.
    """
    texts = _Texts(row.unique for row in (*rows, *unacknowledged))
    there, once, certain = _in_lists(body, texts), 1, True
    if there is None:
        there = texts.count(body)
        counts = [there[row.unique] for row in rows]
        # Without one that is there, nobody knows how often a page shows a row.
        once, certain = usual(counts), any(counts)

    def tell(found: Iterable[Row]) -> tuple[str, ...]:
        return tuple(_there(row, there[row.unique], once) for row in found)

    return ReadBack(
        acknowledged=len(rows),
        lost=tell(row for row in rows if there[row.unique] < once),
        doubled=tell(row for row in rows if there[row.unique] > once),
        unacknowledged=len(unacknowledged),
        found=sum(there[row.unique] > 0 for row in unacknowledged),
        read=read,
        repeated=tell(row for row in unacknowledged if certain and there[row.unique] > once),
    )


class _Texts:
    """The unique texts that are looked for."""

    def __init__(self, uniques: Iterable[str]) -> None:
        self._known = set(uniques)
        # All are of one make: a search for what they begin with finds every one.
        self._beginning = os.path.commonprefix(list(self._known))  # noqa: RUF071 (no paths)
        # Were one the beginning of another, the longer one would be meant.
        self._lengths = sorted({len(each) for each in self._known}, reverse=True)

    def count(self, text: str) -> Counter[str]:
        """How often each of them is in a text."""
        found: Counter[str] = Counter()
        at = text.find(self._beginning) if self._known else -1
        while at >= 0:
            for length in self._lengths:
                if (word := text[at : at + length]) in self._known:
                    found[word] += 1
                    break
            at = text.find(self._beginning, at + 1)
        return found


def _in_lists(body: str, texts: _Texts) -> Counter[str] | None:
    """How many elements of lists have each of the texts.

    Returns:
        None where the body is no JSON, or no list in it has any of them.
    """
    try:
        held, counts = _elements(json.loads(body), texts, inside=False)
    except (ValueError, RecursionError):
        return None
    # What is there, but in no list, is there once.
    return Counter({text: counts[text] or 1 for text in held}) if counts else None


def _elements(node: Any, texts: _Texts, *, inside: bool) -> tuple[set[str], Counter[str]]:
    """The texts in a part of the document, and how many elements of its lists have each.

    Args:
        node: the part.
        texts: what is looked for.
        inside: whether it is an element of a list itself; it may then have its text in several
            lists of its own, such as tags.
    """
    held: set[str] = set()
    counts: Counter[str] = Counter()
    if isinstance(node, str):
        held |= texts.count(node).keys()
    elif isinstance(node, list):
        for element in node:
            its, inner = _elements(element, texts, inside=True)
            held |= its
            counts.update({text: max(1, inner[text]) for text in its})
    elif isinstance(node, dict):
        for key, value in node.items():
            its, inner = _elements(value, texts, inside=inside)
            held |= its | texts.count(key).keys()
            counts = counts | inner if inside else counts + inner
    return held, counts


def usual(counts: Sequence[int]) -> int:
    """How often a body shows one row's text: as often as it shows most rows'.

    An app may show what was written in two fields. Between equals, the fewer; 1 where nothing is.
    """
    there = Counter(count for count in counts if count)
    return min(there, key=lambda count: (-there[count], count), default=1)


def summary(writes: Writes, found: ReadBack | None) -> str:
    """The writes of a run that passed, in a few words; empty where there were none.

    Args:
        writes: all of them.
        found: the last time that all were looked for; None where that never was.
    """
    if found and found.acknowledged:
        return f"{plural(found.acknowledged, 'write')}, all read back"
    written = len(writes.acknowledged)
    return plural(written, "write") if written else ""


def _there(row: Row, found: int, others: int) -> str:
    if not found:
        return f"{row.shown} is missing"
    than = f", others {times(others)}" if others > 1 else ""
    return f"{row.shown} is there {times(found)}{than}"
