"""One pipeline file: what of it is asked for here, and everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_canary.manifests.composing import UnreadableError
from pytest_canary.manifests.documents import Fault, Source, place_text
from pytest_canary.pipelines.blocks import limits, matrices, order
from pytest_canary.pipelines.contents import Contents, Open, absent
from pytest_canary.pipelines.definition import Block, Job
from pytest_canary.pipelines.faults import MALFORMED, MISSING, misfit_fault, unreadable
from pytest_canary.pipelines.names import doubles, parameters, twice
from pytest_canary.pipelines.schema import PIPELINE
from pytest_canary.pipelines.values import Place, Values, read_values


@dataclass(frozen=True)
class Promotion:
    """One promotion of a pipeline.

    Attributes:
        line: where it stands in the file.
        when: its condition; None where it is started by hand, or by `auto_promote_on`.
        deprecated: whether `auto_promote_on` starts it.
        file: the pipeline that it leads to, as the file names it.
        results: those on which `auto_promote_on` starts it.
        parameters: the variables that it hands on.
        values: what those have that have a value where nobody chooses one: their default, and of
            one that is required its first option.
        target: the deployment target, which has secrets of its own; empty for none.
    """

    name: str
    line: int
    when: str | None
    deprecated: bool
    file: str = ""
    results: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    target: str = ""


@dataclass(frozen=True)
class When:
    """A condition that is written out.

    Attributes:
        place: where it stands: "blocks[0].skip.when".
        promotion: whose it is; None for a block's, a job's or the pipeline's own.
    """

    place: str
    line: int
    text: str
    promotion: Promotion | None = None


@dataclass(frozen=True)
class Pipeline:
    """What a file says.

    Attributes:
        source: the file.
        name: the pipeline's; empty where it has none.
        promotions: none where it does not fit the schema, as of all below.
        blocks: in the file's order.
        after: the jobs after it, however it ends.
        whens: its conditions.
        faults: what is wrong with it: what Semaphore refuses, and promotions that lead nowhere.
    """

    source: Source
    name: str = ""
    promotions: tuple[Promotion, ...] = ()
    blocks: tuple[Block, ...] = ()
    after: tuple[Job, ...] = ()
    whens: tuple[When, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def mistakes(self) -> tuple[str, ...]:
        """What is wrong, with file, line, place and what is allowed; one a line."""
        return tuple(f"{each.source.where(each.line)}: {each.sentence}" for each in self.faults)

    def jobs(self) -> Iterator[Job]:
        """Every job, in the file's order."""
        for block in self.blocks:
            yield from block.jobs
        yield from self.after


def read_pipeline(source: Source, open_file: Open) -> Pipeline:
    """Read a pipeline file.

    Args:
        source: the file.
        open_file: finds the files that the pipeline names.
    """
    if source.too_large:
        return Pipeline(source, faults=(unreadable(source),))
    try:
        values = read_values(source.text)
    except UnreadableError as error:
        return Pipeline(source, faults=(unreadable(source, error),))
    misfits = [*twice(values), *PIPELINE.misfits(values.root, ())]
    if misfits:
        found = [misfit_fault(each, source, values) for each in misfits]
        return Pipeline(source, faults=tuple(found))
    contents = Contents(source, values, open_file)
    promotions = tuple(_promotions(values))
    return Pipeline(
        source,
        name=values.root.get("name", ""),
        promotions=promotions,
        blocks=contents.blocks,
        after=contents.after,
        whens=tuple(_whens(values, values.root, (), promotions)),
        faults=(*_faults(source, values, open_file), *contents.faults),
    )


def _faults(source: Source, values: Values, open_file: Open) -> Iterator[Fault]:
    """What else Semaphore refuses of a pipeline that fits the schema."""
    root = values.root
    refused = (*order(root["blocks"]), *limits(root), *doubles(root))
    for each in (*refused, *matrices(root), *parameters(root)):
        yield misfit_fault(each, source, values)
    for each in absent(root, (), open_file):
        rule = MISSING if each.place[-1] == "pipeline_file" else MALFORMED
        yield misfit_fault(each, source, values, rule=rule)


def _promotions(values: Values) -> Iterator[Promotion]:
    for number, each in enumerate(values.root.get("promotions", [])):
        when = each.get("auto_promote", {}).get("when")
        yield Promotion(
            name=each["name"],
            line=values.line(("promotions", number)),
            when=str(when).lower() if isinstance(when, bool) else when,
            deprecated="auto_promote_on" in each,
            file=each["pipeline_file"],
            results=tuple(on["result"] for on in each.get("auto_promote_on", [])),
            parameters=tuple(p["name"] for p in _parameters(each)),
            values={
                p["name"]: value for p in _parameters(each) if (value := _value(p)) is not None
            },
            target=each.get("deployment_target", ""),
        )


def _parameters(promotion: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = promotion.get("parameters", {}).get("env_vars", [])
    return found


def _value(parameter: dict[str, Any]) -> str | None:
    options: list[str] = parameter.get("options", []) if parameter.get("required") else []
    found: str | None = parameter.get("default_value", options[0] if options else None)
    return found


def _whens(
    values: Values, value: Any, place: Place, promotions: tuple[Promotion, ...]
) -> Iterator[When]:
    """Every condition that is a text, in the file's order."""
    if isinstance(value, dict | list):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for step, each in parts:
            yield from _whens(values, each, (*place, step), promotions)
    elif place[-1] == "when" and isinstance(value, str):
        index = place[1] if place[0] == "promotions" else None
        promotion = promotions[index] if isinstance(index, int) else None
        yield When(place_text(place), values.line(place), value, promotion)
