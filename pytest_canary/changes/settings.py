"""Variables, and keys of Secrets and ConfigMaps, that only one of two versions takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_canary.changes.version_objects import VersionObjects
from pytest_canary.core.wording import did_you_mean
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.manifests.pods import Reference, all_containers, from_environment, from_volumes

OUTSIDE = ("Secret", "ConfigMap")


def unshared_variables(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """Variables that containers are given in one of the versions only.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    # A variable that takes one of these keys is not told again: `unshared_keys` tells the key.
    gained = {(owner, key) for owner, key, _ in _unshared_keys(live, made)}
    lost = {(owner, key) for owner, key, _ in _unshared_keys(made, live)}
    for before, after in _pairs(live, made):
        old, new = _variables(live, before), _variables(made, after)
        for name, place in new.places.items():
            if name not in old.places and not old.unknown and new.takes.get(name) not in gained:
                yield made.stable.fault(
                    place,
                    f"container {after.name} is given {name}, which {live.title} is not",
                    did_you_mean(
                        name,
                        [each for each in old.places if each not in new.places],
                        "set it wherever else this version is released to",
                    ),
                )
        for name, place in old.places.items():
            if name not in new.places and not new.unknown and old.takes.get(name) not in lost:
                yield live.stable.fault(
                    place,
                    f"container {after.name} is no longer given {name}, which {live.title} is",
                    "see that this version reads it no more",
                )


def unshared_keys(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """Keys that only one version takes, of Secrets and ConfigMaps that no manifest makes.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    for owner, key, place in _unshared_keys(live, made):
        what = _key_label(owner, key)
        yield made.stable.fault(
            place,
            f"this version takes {what}, which {live.title} does not, and no manifest makes it",
            f"see that it is there before this version is released{_ours(made, owner)}",
        )
    for owner, key, place in _unshared_keys(made, live):
        what = _key_label(owner, key)
        yield live.stable.fault(
            place,
            f"this version takes {what} no more, and {live.title} does",
            "leave it on the cluster as long as a rollback may be wanted",
        )


def taken_keys(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """Keys that the live version's pods need, and this version's Secret or ConfigMap lacks.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    for owner, key, _ in dict.fromkeys(_needed_keys(live)):
        old, new, found = live.keys(owner), made.keys(owner), made.find(owner)
        # What nobody has applied is no one's to take away.
        if not key or old is None or new is None or found is None:
            continue
        if key in old and key not in new:
            yield found.fault(
                ("stringData",) if found.table("stringData") else ("data",),
                f"{_key_label(owner, key)} is gone with this version, and pods of {live.title} "
                "need it: none of them starts anew, as after a rollback",
                "keep the key until no rollback is wanted, or give the object another name",
            )


@dataclass(frozen=True)
class _Container:
    name: str
    place: Place


@dataclass(frozen=True)
class _Variables:
    """What a container is given.

    Attributes:
        places: the variables' names, with where each comes in.
        takes: of those that come of an object, its owner and key.
        unknown: whether there are more, which only the cluster knows.
    """

    places: Mapping[str, Place]
    takes: Mapping[str, tuple[tuple[str, str], str]]
    unknown: bool


def _pairs(live: VersionObjects, made: VersionObjects) -> Iterator[tuple[_Container, _Container]]:
    """The containers that are the same in both: by name, or as there is but one."""
    old, new = _containers(live.stable), _containers(made.stable)
    if len(old) == len(new) == 1:
        yield old[0], new[0]
        return
    named = {each.name: each for each in old}
    for each in new:
        if each.name in named:
            yield named[each.name], each


def _containers(deployment: Document) -> list[_Container]:
    return [_Container(str(each.get("name")), place) for place, each in all_containers(deployment)]


def _variables(version: VersionObjects, container: _Container) -> _Variables:
    deployment = version.stable
    places: dict[str, Place] = {}
    takes: dict[str, tuple[tuple[str, str], str]] = {}
    unknown = False
    for where, entry in deployment.tables(*container.place, "envFrom"):
        prefix = str(entry.get("prefix") or "")
        for source, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
            if not isinstance(entry.get(source), dict):
                continue
            owner = kind, str(entry[source].get("name"))
            keys = version.keys(owner)
            keys = version.given.get(owner) if keys is None else keys
            unknown = unknown or keys is None
            for key in keys or ():
                places[prefix + key] = where
    for where, entry in deployment.tables(*container.place, "env"):
        name = str(entry.get("name"))
        if "$" in name:
            unknown = True  # a variable of the template without a value
            continue
        places[name] = (*where, "name")
        found = _key_of(entry.get("valueFrom"))
        if found:
            takes[name] = found
    return _Variables(places, takes, unknown)


def _key_of(source: Any) -> tuple[tuple[str, str], str] | None:
    for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
        found = source.get(field) if isinstance(source, dict) else None
        if isinstance(found, dict):
            return (kind, str(found.get("name"))), str(found.get("key"))
    return None


def _unshared_keys(
    one: VersionObjects, other: VersionObjects
) -> Iterator[tuple[tuple[str, str], str, Place]]:
    """What the other takes and the one does not, of what the other's manifests don't make."""
    taken = [*_needed_keys(one)]
    owners = {owner for owner, _, _ in taken}
    whole = {owner for owner, key, _ in taken if not key}
    known = {(owner, key) for owner, key, _ in taken}
    told = set()
    for owner, key, place in _needed_keys(other):
        if other.keys(owner) is not None or (owner, key) in known or (owner, key) in told:
            continue
        # Who takes all of it takes this key too, and who takes one has the object.
        if owner in whole or (not key and owner in owners):
            continue
        if other.clear(other.stable, *place):
            told.add((owner, key))
            yield owner, key, place


def _needed_keys(version: VersionObjects) -> Iterator[tuple[tuple[str, str], str, Place]]:
    """The keys that pods can't do without; an empty one for an object as a whole."""
    for each in _references(version.stable):
        owner = each.kind, each.name
        for key, place in each.keys or (("", each.place),):
            yield owner, key, place


def _references(deployment: Document) -> Iterator[Reference]:
    for each in (*from_environment(deployment), *from_volumes(deployment)):
        if each.kind in OUTSIDE:
            yield each


def _key_label(owner: tuple[str, str], key: str) -> str:
    kind, name = owner
    return f"key {key} of {kind} {name}" if key else f"{kind} {name}"


def _ours(made: VersionObjects, owner: tuple[str, str]) -> str:
    """That the rehearsal has it proves nothing."""
    return "; the rehearsal makes one of its own" if owner in made.given else ""
