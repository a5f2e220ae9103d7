"""What a walk sets in a Helm chart: its values, and the words that stand for what is released."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_canary.manifests.version import TRACKS

# With one release, the chart makes both tracks by these; with two, each by those of `helm create`.
ONE_RELEASE = {
    "canary.image": "{canary.image}",
    "canary.replicas": "{canary.replicas}",
    "stable.image": "{stable.image}",
    "stable.replicas": "{stable.replicas}",
}
TWO_RELEASES = {
    "fullnameOverride": "{name}",
    "image.repository": "{repository}",
    "image.tag": "{tag}",
    "replicaCount": "{replicas}",
}

# Where there is no canary, one of `helm create`'s makes the one Deployment.
WITHOUT_CANARY = {
    "fullnameOverride": "{stable.name}",
    "image.repository": "{stable.repository}",
    "image.tag": "{stable.tag}",
    "replicaCount": "{stable.replicas}",
}

OF_TRACK = ("image", "name", "replicas", "repository", "tag")
WORDS = {
    1: tuple(f"{track}.{word}" for track in TRACKS for word in OF_TRACK),
    2: (*OF_TRACK, *TRACKS),
}
"""What may stand in braces, by how many releases there are; `{stable}` is true in stable's own."""

WORD = re.compile(r"\{([a-z.]+)\}")


def templates(given: Mapping[str, Any], releases: int, *, alone: bool = False) -> dict[str, Any]:
    """The chart's values by their names, words not filled in; the usual ones, unless given.

    Args:
        given: what the settings say.
        releases: how many the chart has.
        alone: whether there is no canary, and the chart has no value of that name.
    """
    usual = WITHOUT_CANARY if alone else ONE_RELEASE
    return dict(given) or dict(usual if releases == 1 else TWO_RELEASES)


def unknown(given: Mapping[str, Any], releases: int) -> Iterator[tuple[str, str]]:
    """The values with a word that there isn't: the value's name, and the word."""
    for name, value in given.items():
        for word in WORD.findall(value) if isinstance(value, str) else ():
            if word not in WORDS[releases]:
                yield name, word


def fill_in(given: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the words filled in; one that is a word alone keeps that one's type."""

    def fill(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        alone = WORD.fullmatch(value)
        if alone:
            return words[alone[1]]
        return WORD.sub(lambda match: str(words[match[1]]), value)

    return {name: fill(value) for name, value in given.items()}
