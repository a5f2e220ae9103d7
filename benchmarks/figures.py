"""What the seconds of several runs come to: medians, spread and ratios, as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, median_low


@dataclass(frozen=True)
class Sample:
    """The runs of one contestant, in the order in which they were made.

    Attributes:
        name: what ran.
        seconds: how long each run took.
    """

    name: str
    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """Of its runs, in seconds."""
        return median(self.seconds)

    @property
    def typical(self) -> int:
        """The number of the run that took the median; of two in the middle, the shorter one."""
        return list(self.seconds).index(median_low(self.seconds))


def ratios(sample: Sample, other: Sample) -> list[float]:
    """How many times as long each run took as the other's run of the same round."""
    return [mine / its for mine, its in zip(sample.seconds, other.seconds, strict=True)]


HEAD = (
    "| | median, s | least | most | ratio of medians | least and most in a round |\n"
    "|---|--:|--:|--:|--:|--:|"
)


def table(samples: Sequence[Sample]) -> str:
    """A row for each, held against the first."""
    first, lines = samples[0], [HEAD]
    for each in samples:
        row = [
            each.name,
            *(f"{s:.1f}" for s in (each.median, min(each.seconds), max(each.seconds))),
        ]
        if each is first:
            row += ["1", ""]
        else:
            rounds = ratios(each, first)
            row += [f"{each.median / first.median:.2f}", f"{min(rounds):.2f} to {max(rounds):.2f}"]
        lines.append(" | ".join(["", *row, ""]).strip())
    return "\n".join(lines)
