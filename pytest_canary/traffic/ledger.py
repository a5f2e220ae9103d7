"""Every request of the traffic, in some thirty bytes each, and what they come to."""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

from pytest_canary.core.wording import cut
from pytest_canary.traffic.columns import Columns
from pytest_canary.traffic.exchange import LOST, NOT_SENT, Exchange, Kind, is_lost, retryable, slow
from pytest_canary.traffic.names import LENGTH, Names
from pytest_canary.traffic.schedule import Schedule
from pytest_canary.traffic.summary import DIGITS, Bin, Summary, Tally

# A million records are 27 MB; at 50 a second they last for 5 hours and a half.
LIMIT = 1_000_000

# Errors' texts that are kept; an app might send one for each request.
TEXTS = 1_000

# Bytes of an answer that a column can tell.
LARGEST = 2**32 - 1


class RequestOutcome(NamedTuple):
    """What came of one request, as the sender saw it."""

    kind: Kind
    status: int = 0
    version: str = ""
    pod: str = ""
    text: str = ""
    size: int = 0


class Phase(NamedTuple):
    """A phase of the walk: its stage and transition, from a moment on.

    Attributes:
        at: seconds after the traffic's start.
    """

    at: float
    stage: str
    transition: str


class Ledger:
    """A line for each request, in the schedule's order; one thread writes, others may read.

    Args:
        schedule: what each of them is.
        limit: seconds above which an answer is slow.
        tracks: the names of the schedule's targets; "" for the Service.
    """

    def __init__(self, schedule: Schedule, limit: float, tracks: Sequence[str] = ("",)) -> None:
        self.schedule = schedule
        self.limit = limit
        self.tracks = tuple(tracks)
        self.began_at = 0.0
        self.entered: list[Phase] = []
        self.slow = self.retryable = 0
        self._kinds = [0] * len(Kind)
        # What the schedule says of each, which would take long to ask again for all of them.
        self._due, self._target, self._write = array("d"), array("B"), array("B")
        self._kind, self._status = array("B"), array("H")
        self._version, self._pod = array("H"), array("H")
        # Single precision is good for a microsecond up to 16 s.
        self._lag, self._seconds = array("f"), array("f")
        self._size = array("I")
        self._names = Names()
        self._texts: dict[int, str] = {}

    def __len__(self) -> int:
        """How many lines there are, sent or not."""
        return len(self._seconds)

    # Writing.

    def open(self, kind: Kind = Kind.IN_FLIGHT) -> int:
        """Enter the next request of the schedule, and return its number."""
        for column in (self._status, self._version, self._pod, self._size):
            column.append(0)
        self._kind.append(kind)
        self._kinds[kind] += 1
        number = len(self)
        self._due.append(self.schedule.due(number))
        self._target.append(self.schedule.target(number))
        self._write.append(self.schedule.is_write(number))
        self._lag.append(0)
        # The last one: `len` counts it, so a reader finds the others there.
        self._seconds.append(0)
        return number

    def note_sent(self, number: int, lag: float) -> None:
        """Note by how many seconds a request went out late."""
        self._lag[number] = lag

    def close(self, number: int, outcome: RequestOutcome, seconds: float) -> None:
        """Note what came of a request, so many seconds after it was due."""
        kind = outcome.kind
        self._status[number] = outcome.status
        self._version[number] = self._names.number(outcome.version)
        self._pod[number] = self._names.number(outcome.pod)
        self._size[number] = min(outcome.size, LARGEST)
        self._seconds[number] = seconds
        if is_lost(kind) and outcome.text and len(self._texts) < TEXTS:
            self._texts[number] = cut(outcome.text, LENGTH)
        self._kinds[self._kind[number]] -= 1
        self._kind[number] = kind
        self._kinds[kind] += 1
        self.slow += slow(kind, seconds, self.limit)
        self.retryable += retryable(kind, self.schedule.request(number).method)

    # Reading.

    def count(self, *kinds: Kind) -> int:
        """How many requests are of these kinds."""
        return sum(self._kinds[kind] for kind in kinds)

    @property
    def lost(self) -> int:
        """How many requests are lost."""
        return self.count(*LOST)

    @property
    def unsent(self) -> int:
        """How many requests the generator's own bounds kept back."""
        return self.count(*NOT_SENT)

    def of_kinds(self, *kinds: Kind) -> Iterator[int]:
        """The requests of these kinds."""
        return (number for number in range(len(self)) if self._kind[number] in kinds)

    def kind(self, number: int) -> Kind:
        """What came of a request."""
        return Kind(self._kind[number])

    def track(self, number: int) -> str:
        """Whom a request goes to; known before it is answered, and where it never is."""
        return self.tracks[self.schedule.target(number)]

    def exchange(self, number: int) -> Exchange:
        """A request with everything that is known of it."""
        schedule, due = self.schedule, self.schedule.due(number)
        # First, as `close` notes it last: what has ended by its kind has all the rest.
        kind = self.kind(number)
        phase = self._phase(due)
        return Exchange(
            number,
            due,
            self.began_at + due,
            phase.stage,
            phase.transition,
            schedule.request(number).method,
            schedule.path(number),
            self._names.texts[self._version[number]],
            self._names.texts[self._pod[number]],
            self._status[number],
            self._seconds[number],
            self._lag[number],
            kind,
            schedule.unique(number),
            self._texts.get(number, ""),
            self.track(number),
        )

    def _phase(self, due: float) -> Phase:
        before = (phase for phase in reversed(self.entered) if phase.at <= due)
        return next(before, Phase(0, "", ""))

    def window(self, begin: float, end: float) -> range:
        """The requests that were due from `begin` to before `end`, seconds after the start."""
        numbers = self.schedule.numbers(begin, end) if end > begin else range(0)
        return range(min(numbers.start, len(self)), min(numbers.stop, len(self)))

    def phases(self) -> Iterator[tuple[Phase, range]]:
        """The phases of the walk in their order, each with its requests.

        What was due before the first one belongs to no stage; that phase is left out where there is
        nothing in it.
        """
        size, phases = len(self), [Phase(0, "", ""), *self.entered]
        begins = [min(self.schedule.first(phase.at), size) for phase in phases]
        for index, numbers in enumerate(map(range, begins, [*begins[1:], size])):
            if index or numbers:
                yield phases[index], numbers

    def of(self, stage: str | None = None, transition: str | None = None) -> Iterable[int]:
        """The requests that were due in a stage, during a transition, or both."""
        return chain.from_iterable(
            numbers
            for phase, numbers in self.phases()
            if stage in (None, phase.stage) and transition in (None, phase.transition)
        )

    def transitions(self) -> dict[tuple[str, str], Iterable[int]]:
        """The requests by stage and transition, in the order of the walk."""
        found: dict[tuple[str, str], list[range]] = defaultdict(list)
        for phase, numbers in self.phases():
            found[phase.stage, phase.transition].append(numbers)
        return {place: chain.from_iterable(ranges) for place, ranges in found.items()}

    def summary(self, numbers: Iterable[int]) -> Summary:
        """What these requests come to, all together and by version."""
        tallies: dict[int, Tally] = defaultdict(Tally)
        kept_back = Tally()
        for number in numbers:
            kind = self._kind[number]
            tally = kept_back if kind in NOT_SENT else tallies[self._version[number]]
            tally.kinds[kind] += 1
            if kind == Kind.ANSWERED:
                seconds = self._seconds[number]
                tally.seconds[round(seconds, DIGITS)] += 1
                tally.slow += slow(Kind.ANSWERED, seconds, self.limit)
                tally.writes += self._write[number]
            elif kind in LOST:
                tally.retryable += retryable(Kind(kind), self.schedule.request(number).method)
        together = Tally()
        for tally in (*tallies.values(), kept_back):
            together.add(tally)
        names = self._names.texts
        versions = {names[of]: tally.summary() for of, tally in tallies.items()}
        return replace(together.summary(), versions=versions)

    def columns(self, numbers: range, now: float) -> dict[str, Columns]:
        """What these requests come to by track, as of one moment, though others go on writing.

        Args:
            numbers: consecutive ones, as `window` tells them.
            now: seconds after the start, taken before; what is in flight has waited until then.
        """
        part = slice(numbers.start, numbers.stop)
        found = self._columns(part, now, self._target[part], waiting=True)
        return {track: found.get(at, Columns.empty()) for at, track in enumerate(self.tracks)}

    def columns_by_version(self, numbers: range, now: float) -> dict[str, Columns]:
        """The same by the version that answered; "" is nobody or unknown."""
        part = slice(numbers.start, numbers.stop)
        found = self._columns(part, now, self._version[part])
        return {self._names.texts[version]: columns for version, columns in found.items()}

    def _columns(
        self, part: slice, now: float, keys: Sequence[int], *, waiting: bool = False
    ) -> dict[int, Columns]:
        """The requests of each key.

        Args:
            part: of the ledger.
            now: what is in flight has waited until then.
            keys: one each.
            waiting: whether what was kept back by those that wait is among them.
        """
        # First, as this comes last where a request ends: whatever is not in flight by it has its
        # seconds.
        kinds = self._kind[part]
        due, writes, sizes = self._due[part], self._write[part], self._size[part]
        seconds = array("d", self._seconds[part])
        lines: dict[int, list[int]] = defaultdict(list)
        unsent: Counter[int] = Counter()
        last: dict[int, int] = {}
        sent = array("B", [kind not in NOT_SENT for kind in kinds])
        for line, (key, kind) in enumerate(zip(keys, kinds, strict=True)):
            if not sent[line]:
                unsent[key] += 1
                ahead = last.get(key) if waiting and kind == Kind.CROWDED else None
                if ahead is None:
                    continue
                kinds[line] = kinds[ahead]
                seconds[line] = max(due[ahead] + seconds[ahead] - due[line], 0.0)
            else:
                last[key] = line
            lines[key].append(line)
            if kinds[line] == Kind.IN_FLIGHT:
                seconds[line] = max(now - due[line], 0.0)
        return {
            key: Columns(
                array("d", map(due.__getitem__, lines[key])),
                array("d", map(seconds.__getitem__, lines[key])),
                array("B", map(kinds.__getitem__, lines[key])),
                array("B", map(writes.__getitem__, lines[key])),
                array("B", map(sent.__getitem__, lines[key])),
                array("I", map(sizes.__getitem__, lines[key])),
                unsent[key],
            )
            for key in {*lines, *unsent}
        }

    def series(self, seconds: float) -> dict[str, list[Bin]]:
        """Each version's bins of so many seconds; one without requests is left out."""
        found: dict[str, list[Bin]] = defaultdict(list)
        at, index = 0.0, 0
        while (numbers := self.window(at, (index + 1) * seconds)) or numbers.stop < len(self):
            for version, each in self.summary(numbers).versions.items():
                done = each.sent - each.in_flight
                if done:
                    found[version].append(Bin(at, done, each.lost, each.p50, each.p95, each.p99))
            index += 1
            at = index * seconds
        return dict(found)

    def lags(self, numbers: Iterable[int] | None = None) -> Counter[float]:
        """Seconds by which requests went out late, each with how often it came.

        Args:
            numbers: which requests; None for all.
        """
        return Counter(
            round(self._lag[number], DIGITS)
            for number in (range(len(self)) if numbers is None else numbers)
            if self._kind[number] not in NOT_SENT
        )
