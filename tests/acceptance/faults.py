"""A fault, as `fixtures/faults/` has it: the difference from a healthy release, and what is told.

Read from a TOML file without a cluster, so that a mistake in one is known at once.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

STAGES = ("preflight", "canary", "migration", "verdict", "stable", "rollback")

# "containers[addressbook]" by its name, "env[+]" for one more, or a plain key.
STEP = re.compile(r"([^.\[\]]+)(?:\[([^\]]+)\])?(?:\.|$)")


class FaultError(Exception):
    """A file is wrong; one sentence that names it."""


@dataclass(frozen=True)
class Layer:
    """What an image has on top of the candidate's.

    Attributes:
        files: by path, below the folder that the app runs in.
        cmd: what it runs; the candidate's own where it is empty.
        user: whom it runs as; the candidate's own where it is empty.
    """

    files: Mapping[str, str] = field(default_factory=dict)
    cmd: tuple[str, ...] = ()
    user: str = ""

    def dockerfile(self, candidate: str, user: str) -> str:
        """What builds it, in a context that holds the files.

        Args:
            candidate: the image that it starts from.
            user: whom that runs as.
        """
        lines = [f"FROM {candidate}"]
        if self.files:
            lines += ["USER 0", *(f"COPY {name} {name}" for name in self.files)]
        if self.files or self.user:
            lines.append(f"USER {self.user or user}")
        if self.cmd:
            lines.append(f"CMD {json.dumps(list(self.cmd))}")
        return "\n".join([*lines, ""])


@dataclass(frozen=True)
class Expect:
    """What must be said.

    Attributes:
        stage: the one that stops.
        code: the finding's; the error's class where it has no finding.
        words: what its sentence holds, in this order.
        details: what the lines after it hold, in this order.
        preflight: the rules by which the static check knows it before anything starts.
        rollback: words of the assertion that the rollback can't hold; empty where it holds all.
    """

    stage: str
    code: str
    words: tuple[str, ...]
    details: tuple[str, ...] = ()
    preflight: tuple[str, ...] = ()
    rollback: tuple[str, ...] = ()

    def missing(self, sentence: str, details: str = "") -> str:
        """The first of the words that is not at its place; empty for none."""
        return _missing(self.words, sentence) or _missing(self.details, details)


def _missing(words: Sequence[str], text: str) -> str:
    for word in words:
        _, found, text = text.partition(word)
        if not found:
            return word
    return ""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: its file's.
        told: what is wrong, as a clause.
        deployment, service: paths in the candidate's manifests, and their values there.
        image: None where it is the healthy candidate's.
        settings: tables of canary.toml.
        before, meanwhile, after: kubectl's words: before the canary is applied, when it has its
            first pod, and after the rollback; {namespace} stands for the run's.
        like: the name of a fault that stops in the same stage by the same code, so that this one
            adds to their number and not to their kinds; empty for none.
        alike: why another code is no other kind; empty where it is the same.
    """

    name: str
    told: str
    expect: Expect
    deployment: Mapping[str, Any] = field(default_factory=dict)
    service: Mapping[str, Any] = field(default_factory=dict)
    image: Layer | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    meanwhile: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    like: str = ""
    alike: str = ""

    @property
    def has_traffic(self) -> bool:
        """Whether requests are sent all the time, whose latencies and losses count."""
        return bool(self.settings.get("traffic"))


def load(folder: Path) -> list[Fault]:
    """All faults of a folder, in the order of the stages, then of their names; with traffic last.

    Raises:
        FaultError: there is none, or one of them is wrong.
    """
    found = [fault(path.stem, path.read_text(encoding="utf-8")) for path in folder.glob("*.toml")]
    if not found:
        raise FaultError(f"there is no fault in {folder}")
    kinds = {each.name: (each.expect.stage, each.expect.code) for each in found if not each.like}
    for each in found:
        if not each.like:
            continue
        stage, code = kinds.get(each.like, ("", ""))
        if stage != each.expect.stage or (code == each.expect.code) == bool(each.alike):
            raise FaultError(
                f"{each.name}.toml is like {each.like!r}, which stands for no stage and code of "
                "its; where another code is no other kind, `alike` says why"
            )
    return sorted(
        found,
        key=lambda each: (
            STAGES.index(each.expect.stage),
            each.has_traffic,
            each.name,
        ),
    )


def fault(name: str, text: str) -> Fault:
    """One fault, of its file's text.

    Raises:
        FaultError: the text is wrong.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FaultError(f"{name}.toml is not valid TOML: {error}") from error
    try:
        told, expect = str(table.pop("fault")), _expect(table.pop("expect"))
        layer = table.pop("image", None)
        made = Fault(
            name,
            told,
            expect,
            image=_layer(layer) if layer is not None else None,
            before=tuple(table.pop("before", ())),
            meanwhile=tuple(table.pop("meanwhile", ())),
            after=tuple(table.pop("after", ())),
            **table,
        )
    except KeyError as error:
        raise FaultError(f"{name}.toml lacks {error.args[0]}") from error
    except (TypeError, ValueError) as error:
        raise FaultError(f"{name}.toml: {error}") from error
    changes = (made.deployment, made.service, made.image, made.settings, made.before)
    if not any((*changes, made.meanwhile)):
        raise FaultError(f"{name}.toml changes nothing, so it is no fault")
    if made.before and not made.after:
        raise FaultError(f"{name}.toml says what comes before, and not how to undo it after")
    for words in (*made.before, *made.meanwhile, *made.after):
        if not words.startswith("kubectl "):
            raise FaultError(f"{name}.toml: {words!r} is no kubectl command")
    return made


def _expect(table: dict[str, Any]) -> Expect:
    stage, code, words = table.pop("stage"), table.pop("code"), table.pop("words")
    if stage not in STAGES:
        raise ValueError(f"there is no stage {stage!r}")
    if not words:
        raise ValueError("no word is expected, so any sentence would do")
    more = {key: tuple(table.pop(key, ())) for key in ("details", "preflight", "rollback")}
    return Expect(stage, code, tuple(words), **more, **table)


def _layer(table: dict[str, Any]) -> Layer:
    files = dict(table.pop("files", {}))
    for name in files:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts or " " in name:
            raise ValueError(f"file {name!r} is not below the app's folder")
    layer = Layer(files, tuple(table.pop("cmd", ())), str(table.pop("user", "")), **table)
    if layer == Layer():
        raise ValueError("the image changes nothing")
    return layer


def patched(text: str, changes: Mapping[str, Any]) -> str:
    """A manifest's template with other values; its variables stay as they are.

    Args:
        text: one YAML document.
        changes: by path, such as "spec.template.spec.containers[app].image".

    Raises:
        FaultError: a path is none, leads nowhere, or has that value already.
    """
    if not changes:
        return text
    # Nodes, not values: what is quoted stays quoted, so that "$PORT" stays a text.
    root = yaml.compose(text)
    for path, value in changes.items():
        _set(root, path, yaml.compose(json.dumps(value)))
    return yaml.serialize(root)


def _set(root: Any, path: str, value: Any) -> None:
    steps = STEP.findall(path)
    keys: list[tuple[str, bool]] = []
    for key, name in steps:
        keys.append((key, False))
        if name:
            keys.append((name, True))
    if not keys or "".join(match[0] for match in STEP.finditer(path)) != path:
        raise FaultError(f"{path!r} is no path in a manifest")
    node = root
    for at, (key, in_list) in enumerate(keys):
        last = at == len(keys) - 1
        if in_list:
            node = _item(node, key, value if last else None, path)
        else:
            following_list = not last and keys[at + 1][1]
            node = _entry(node, key, value if last else None, path, in_list=following_list)


def _entry(node: Any, key: str, value: Any, path: str, *, in_list: bool) -> Any:
    if not isinstance(node, yaml.MappingNode):
        raise FaultError(f"{path}: there is no place for {key}")
    for number, (name, old) in enumerate(node.value):
        if name.value == key:
            if value is None:
                return old
            if _read(old) == _read(value):
                raise FaultError(f"{path} has that value already")
            node.value[number] = (name, value)
            return value
    kind, tag = (yaml.SequenceNode, "seq") if in_list else (yaml.MappingNode, "map")
    new = value if value is not None else kind(f"tag:yaml.org,2002:{tag}", [])
    node.value.append((yaml.ScalarNode("tag:yaml.org,2002:str", key), new))
    return new


def _read(node: Any) -> Any:
    return yaml.safe_load(yaml.serialize(node))


def _item(node: Any, name: str, value: Any, path: str) -> Any:
    if not isinstance(node, yaml.SequenceNode):
        raise FaultError(f"{path}: there is no list in which {name} could be")
    if name == "+" and value is not None:
        node.value.append(value)
        return value
    for item in node.value:
        pairs = {key.value: val.value for key, val in getattr(item, "value", [])}
        if pairs.get("name") == name and value is None:
            return item
    raise FaultError(f"{path}: there is no {name}")


def merged(table: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Two settings tables in one; the second one's values count."""
    both = dict(table)
    for key, value in more.items():
        old = both.get(key)
        both[key] = merged(old, value) if isinstance(old, dict) else value
    return both
