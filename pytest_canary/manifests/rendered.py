"""What is made for one track: its objects, and how a template was filled in for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pytest_canary.manifests.documents import Document
from pytest_canary.manifests.parsing import Parsed


@dataclass(frozen=True)
class Given:
    """What a track's objects are made for, be it by a script or by a tool.

    Attributes:
        deployment: the Deployment's name.
        replicas: how many.
        image: the image.
        environment: the variables that what makes them sees.
    """

    deployment: str
    replicas: int
    image: str
    environment: Mapping[str, str]

    def argument(self, number: int) -> str:
        """One of an apply script's arguments, counted as the shell does."""
        return (self.deployment, str(self.replicas), self.image)[number - 2]


@dataclass(frozen=True)
class Use:
    """A variable in a template."""

    name: str
    line: int
    comment: bool = False


@dataclass
class Filled:
    """A template, filled in for one Deployment.

    Attributes:
        text: the YAML.
        origin: of each of its lines, the template's.
        unset: uses of variables that have no value.
        empty: those of them in whose place the script puts nothing, as envsubst does.
        left: uses that the script leaves as they stand.
        unknown: uses whose value only the script knows.
    """

    text: str = ""
    origin: list[int] = field(default_factory=list)
    unset: list[Use] = field(default_factory=list)
    empty: list[Use] = field(default_factory=list)
    left: list[Use] = field(default_factory=list)
    unknown: list[Use] = field(default_factory=list)

    @property
    def lines(self) -> set[int]:
        """The lines that are not as the cluster gets them."""
        return {use.line for use in (*self.unset, *self.unknown) if not use.comment}


@dataclass
class Rendered:
    """The objects that are made for one Deployment.

    Attributes:
        parsed: the objects, each with the file and the lines that it comes from.
        filled: how variables were filled in; nothing of that where nothing is a template.
        foreign: why nothing can be said about them; empty where there is no such reason.
    """

    parsed: Parsed
    filled: Filled = field(default_factory=Filled)
    foreign: str = ""

    @property
    def names(self) -> set[tuple[str, str]]:
        """What it is called, each object by its kind and name."""
        return {(each.kind, each.name) for each in self.parsed.documents}

    def deployment(self, name: str) -> Document | None:
        """The Deployment of that name; of another name, where it is the only one."""
        found = [each for each in self.parsed.documents if each.kind == "Deployment"]
        named = [each for each in found if each.name == name]
        return (named or found)[0] if named or len(found) == 1 else None
