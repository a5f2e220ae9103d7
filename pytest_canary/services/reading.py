"""What is asked for of a file of another service, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pytest_canary.config.pipeline_settings import PipelineSettings
from pytest_canary.core.wording import did_you_mean
from pytest_canary.manifests.composing import UnreadableError
from pytest_canary.manifests.documents import Fault, Source, place_text
from pytest_canary.pipelines.faults import MALFORMED, unreadable
from pytest_canary.pipelines.shapes import Misfit, Shape
from pytest_canary.pipelines.values import Values, read_values

# Mistakes of one file that are told: who mends them sees the others.
MOST = 100

# Jobs of a file; GitLab takes 500.
MOST_JOBS = 1_000


@dataclass(frozen=True)
class RunInputs:
    """What is to be run of a file, and with what.

    Attributes:
        jobs: the names of jobs; none for all.
        started: the names of those that run though they wait for somebody.
        uses: what stands in for an action, by its name without a version: a command for the job's
            shell, or an empty text for nothing.
        secrets: the names of those that there are.
        parameters: the values of a workflow's inputs, or of a pipeline's variables.
    """

    jobs: tuple[str, ...] = ()
    started: tuple[str, ...] = ()
    uses: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()
    parameters: Mapping[str, str] = field(default_factory=dict)


def run_inputs_of(described: PipelineSettings) -> RunInputs:
    """What the settings say is to be run of a file."""
    secrets = tuple(described.secrets)
    return RunInputs(tuple(described.jobs), uses=described.uses, secrets=secrets)


@dataclass(frozen=True)
class Reader:
    """One file, read.

    Attributes:
        source: the file.
        values: what it holds.
        service: who runs it: "GitHub".
    """

    source: Source
    values: Values
    service: str

    def fault(self, misfit: Misfit, fix: str = "") -> Fault:
        """What does not fit, with its line."""
        sentence = f"{place_text(misfit.place) or 'the file'}: {misfit.problem}"
        fix = fix or f"{self.service} refuses the whole file until that is mended"
        return Fault(self.source, self.values.line(misfit.place), sentence, fix, MALFORMED)


def read(source: Source, shape: Shape, service: str) -> tuple[Reader | None, list[Fault]]:
    """Read a file, and hold it against the shape that its service has for it.

    Returns:
        What was read, None where nothing of it can be used; and what is wrong.
    """
    fix = f"write a file that {service} can read"
    if source.too_large:
        return None, [replace(unreadable(source), fix=fix)]
    try:
        reader = Reader(source, read_values(source.text), service)
    except UnreadableError as error:
        return None, [replace(unreadable(source, error), fix=fix)]
    doubles = (Misfit(place, "is there twice") for place in reader.values.doubles)
    misfits = [*doubles, *shape.misfits(reader.values.root, ())][:MOST]
    return (None if misfits else reader), [reader.fault(each) for each in misfits]


def job_misfits(wanted: RunInputs, there: Iterable[str]) -> Iterator[Misfit]:
    """The jobs that are wanted and not there; or that there are too many."""
    names = [*there]
    if len(names) > MOST_JOBS:
        told = f"{MOST_JOBS:,} jobs at most can be rehearsed, and these are {len(names):,}"
        yield Misfit((), told)
    for name in wanted.jobs:
        if name not in names:
            otherwise = f"there are {', '.join(names) or 'none'}"
            hint = did_you_mean(name, names, otherwise=otherwise)
            yield Misfit(("jobs",), f"there is no job {name}, which is to be run; {hint}")


def circle(waits: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Jobs that wait for each other, and what waits for those; none where there are no such."""
    left = {name: {each for each in before if each in waits} for name, before in waits.items()}
    after: dict[str, list[str]] = {name: [] for name in waits}
    for name, before in left.items():
        for each in before:
            after[each].append(name)
    free = [name for name, before in left.items() if not before]
    while free:
        name = free.pop()
        del left[name]
        for each in after[name]:
            left[each].discard(name)
            if not left[each]:
                free.append(each)
    return tuple(left)
