"""Rules about variables: what templates use, and what has a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from pytest_canary.config.settings import ENVIRONMENT
from pytest_canary.core.wording import suggestion
from pytest_canary.manifests.documents import Document, Fault, Place, Source, read
from pytest_canary.manifests.rendered import Rendered, Use
from pytest_canary.manifests.templates import VARIABLE, names
from pytest_canary.preflight.groups import VARIABLES
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject

# Where a "$" may be meant for a shell or for somebody else.
NOT_OURS = {"command", "args", "annotations", "data", "stringData", "binaryData"}


@rule(
    "unset-variable",
    "a variable of a template that gets no value",
    VARIABLES,
    advice="give it a value in `[environment]`, let `apply.sh` fill it in, or write its "
    "value there",
)
def unset_variable(subject: Subject) -> Iterator[Fault]:
    """Every variable has a value, and nothing is left that only looks like one."""
    for source, rendered in _filled_in(subject):
        yield from _unset_in(subject, source, rendered)
    yield from _unset_where_nothing_fills_in(subject)


def _filled_in(subject: Subject) -> Iterator[tuple[Source, Rendered]]:
    for rendered in subject.rendered.values():
        yield subject.source, rendered
    if subject.job_file and subject.job:
        yield subject.job_file, subject.job


def _unset_in(subject: Subject, source: Source, rendered: Rendered) -> Iterator[Fault]:
    for use in rendered.filled.unset:
        yield _unset(subject, use, source)
    left = {use.name for use in rendered.filled.left}
    for document in rendered.parsed.documents:
        for place, name in _bare(document, left):
            yield document.fault(
                place,
                f"${name} stays as it stands: {subject.script.name} does not fill it in",
                f"let {subject.script.name} fill it in, or write its value here",
            )


def _unset_where_nothing_fills_in(subject: Subject) -> Iterator[Fault]:
    # The Service's manifest is applied as it stands; so is all that a tool makes.
    for document in subject.applied.documents if subject.scripted else subject.documents():
        if document.source is subject.job_file:
            continue
        if document.kind == "Service" or not subject.scripted:
            for place, name in _bare(document, names(document.source.text)):
                yield document.fault(
                    place,
                    f"${name} stays as it stands: {document.source.shown} is applied without "
                    "filling anything in",
                    "write its value here",
                )


@rule(
    "empty-variable",
    "a variable that has no value, so that nothing comes in its place",
    VARIABLES,
    level="warning",
    advice="give it a value in `[environment]` and wherever it is released, or write its "
    "value there",
)
def empty_variable(subject: Subject) -> Iterator[Fault]:
    """Every variable that a script such as envsubst fills in has something to be filled in."""
    for source, rendered in _filled_in(subject):
        for use in rendered.filled.empty:
            fault = _unset(subject, use, source)
            yield replace(
                fault,
                sentence=f"{fault.sentence}, so {subject.script.name} puts nothing in its place",
            )


@rule(
    "unused-variable",
    "a variable in [environment] that nothing uses",
    VARIABLES,
    level="warning",
    advice="use it, or take it out",
)
def unused_variable(subject: Subject) -> Iterator[Fault]:
    """What [environment] sets is used by the template or by the script."""
    used = names(subject.source.text) if subject.scripted else frozenset()
    if subject.job_file:
        used |= names(subject.job_file.text)
    declared = {
        name
        for name, value in subject.settings.environment.items()
        if ENVIRONMENT.get(name) != value
    }
    for name in sorted(declared - used):
        if subject.script.mentions(name):
            continue
        source, line = declaration(subject, name)
        if not subject.scripted:
            what = f"{name} is set in [environment], and no template is filled in"
            fix = "write it among the container's own variables, and take it out here"
            yield Fault(source, line, what, fix)
            continue
        yield Fault(
            source,
            line,
            f"{name} is set in [environment], and neither {subject.source.shown} nor "
            f"{subject.script.name} uses it",
            f"use it as ${name}, or take it out",
        )


def declaration(subject: Subject, name: str) -> tuple[Source, int]:
    """Where the settings set a variable; the template, where they are in no file."""
    path = subject.settings.root / subject.settings.source.split(" ")[0]
    # `--canary-config airgap/canary.toml` has its folder in the name and in the root.
    path = path if path.is_file() else subject.settings.root / path.name
    if not path.is_file():
        return subject.source, 1
    source = read(path, subject.root)
    found = re.search(rf"^[^#\n]*\b{re.escape(name)}\b[\"']?\s*=", source.text, re.MULTILINE)
    return source, source.text.count("\n", 0, found.start()) + 1 if found else 1


def _unset(subject: Subject, use: Use, source: Source) -> Fault:
    known: Mapping[str, Any] = subject.settings.environment
    right = [*ENVIRONMENT, *known, *subject.script.arguments, *sorted(subject.parameters)]
    what = f"${use.name} has no value"
    fix = "give it one in the settings, under [environment]"
    if use.name in ENVIRONMENT:
        fix += ", and wherever it is released, or write its value here"
    else:
        fix = suggestion(use.name, right, fix)
    if use.comment:
        what += f", and {subject.script.name} fills in comments too"
        fix = "leave the $ out"
    return Fault(source, use.line, what, fix)


def _bare(document: Document, wanted: frozenset[str] | set[str]) -> Iterator[tuple[Place, str]]:
    """The values that are one of these variables and nothing else."""
    for place in document.lines:
        own = place[len(document.place) :]
        if place[: len(document.place)] != document.place or NOT_OURS & set(own):
            continue
        value = document.at(*own)
        match = VARIABLE.fullmatch(value) if isinstance(value, str) else None
        name = (match[1] or match[2]) if match else ""
        if name in wanted:
            yield own, name
