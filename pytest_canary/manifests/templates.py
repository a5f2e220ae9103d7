"""The Deployment's template, filled in as the project's own apply script does it.

The script is read and not run. It may fill in every variable (envsubst, awk), some of them (sed) or
words of its own; where it uses a template language, that is known and nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from pytest_canary.manifests.documents import Document, Place, Source
from pytest_canary.manifests.parsing import parse
from pytest_canary.manifests.rendered import Filled, Given, Rendered, Use

VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z_0-9]*)\}|([A-Za-z_][A-Za-z_0-9]*))")

# What a shell fills in, and envsubst does not: ${PORT:-3000}.
DEFAULTED = re.compile(r"\$\{([A-Za-z_][A-Za-z_0-9]*):?-([^}]*)\}")

# What the bundled apply.sh calls its arguments, MANIFEST DEPLOYMENT REPLICAS IMAGE.
ARGUMENTS = {"deployment": 2, "replicas": 3, "img": 4}

# deployment=$2, or sed's s|\$deployment|$2|.
ASSIGNED = re.compile(r"(?<![\w$])([A-Za-z_]\w*)=[\"']?\$\{?([2-4])\b")
SUBSTITUTED = re.compile(r"\$\{?([A-Za-z_]\w*)\}?[^\w\s$]{1,3}\$\{?([2-4])\b")
SHELL_FORMAT = re.compile(r"envsubst\s+([\"'])([^\"'$]*\$[^\"']*)\1")

# Placeholders that are not YAML's, and tools that change objects instead of text.
# None may begin again within itself: who looks for its end would look once for each beginning.
FOREIGN = re.compile(r"\{\{[^{}\n]*\}\}|\{%[^%\n]*%\}|<%[^%\n]*%>|@[A-Za-z_]\w*@|%[A-Za-z_]\w*%")
EDITORS = re.compile(r"\b(yq|jq|kustomize|helm|ytt|jsonnet|kubectl (?:set|scale|patch))\b")


@dataclass(frozen=True)
class Script:
    """What an apply script says of how it fills in a template.

    Attributes:
        name: its file's name.
        text: what it holds.
        learned: variables that hold one of its arguments, known by where the template has them.
    """

    name: str
    text: str
    learned: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def arguments(self) -> dict[str, int]:
        """The variables that hold one of its arguments, with the argument's number."""
        found = [*ASSIGNED.findall(self.text), *SUBSTITUTED.findall(self.text)]
        return ARGUMENTS | {name: int(number) for name, number in found} | dict(self.learned)

    def variable(self, argument: int) -> str:
        """What it calls an argument."""
        called = [name for name, number in self.arguments.items() if number == argument]
        return next((name for name in called if self.mentions(name)), called[0])

    @cached_property
    def fills(self) -> frozenset[str] | None:
        """The variables that it fills in; None for all that are set."""
        if "envsubst" in self.text:
            listed = SHELL_FORMAT.search(self.text)
            return names(listed[2]) if listed else None
        if re.search(r"\bsed\b", self.text) and "ENVIRON" not in self.text:
            return names(self.text)
        return None

    @property
    def minds_comments(self) -> bool:
        """Whether a variable that is not set is an error in a comment too, as for ours."""
        return "ENVIRON" in self.text

    @property
    def empties(self) -> bool:
        """Whether it puts nothing in the place of a variable that is not set."""
        return re.search(r"^[^#\n]*\benvsubst\b", self.text, re.MULTILINE) is not None

    @property
    def expands(self) -> bool:
        """Whether the shell itself fills in, and so knows defaults."""
        return re.search(r"\beval\b", self.text) is not None and self.fills is None

    @property
    def editor(self) -> str:
        """The tool by which it changes objects instead of filling in text; empty for none."""
        found = EDITORS.search(self.text)
        return found[1] if found else ""

    def mentions(self, word: str) -> bool:
        """Whether a word stands in it."""
        return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", self.text) is not None

    def replaces(self, token: str, argument: int) -> bool:
        """Whether it puts an argument where a template has this word: `s/NAME/$2/`."""
        pattern = rf"{re.escape(token)}\W{{1,3}}\$\{{?{argument}\b"
        if re.search(pattern, self.text):
            return True
        # A name in capitals is none that Kubernetes takes, so it can only be a placeholder.
        return token.upper() == token and not token.isdigit() and self.mentions(token)


def names(text: str) -> frozenset[str]:
    """The variables in a text."""
    return frozenset(braced or bare for braced, bare in VARIABLE.findall(text))


def render(source: Source, script: Script, given: Given) -> Rendered:
    """A template as the script would hand it to kubectl, read."""
    filled = fill(source, script, given)
    parsed = parse(source, filled.text, filled.origin)
    template = Rendered(parsed, filled)
    if names(source.text) & set(script.arguments):
        return template
    tokens = _tokens(template, script, given)
    learned = {name: n for token, n in tokens.items() for name in names(token)}
    if learned and not script.learned:
        return render(source, replace(script, learned=learned), given)
    if tokens:
        for token, argument in tokens.items():
            word = rf"(?<!\w){re.escape(token)}(?!\w)"
            filled.text = re.sub(word, given.argument(argument), filled.text)
        return Rendered(parse(source, filled.text, filled.origin), filled)
    template.foreign = _foreign(source, script, template, given)
    return template


def fill(source: Source, script: Script, given: Given) -> Filled:
    """Put the variables' values in, line for line.

    One without a value stays as it is, or goes, as the script has it.
    """
    filled = Filled()
    rendered: list[str] = []
    for number, line in enumerate(source.text.splitlines(), start=1):
        text = _fill_line(line, number, script, given, filled)
        rendered.append(text)
        # A value may have several lines.
        filled.origin += [number] * (text.count("\n") + 1)
    filled.text = "\n".join([*rendered, ""])
    filled.origin.append(len(rendered) or 1)
    return filled


def _fill_line(line: str, number: int, script: Script, given: Given, filled: Filled) -> str:
    comment = comment_at(line)

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        use = Use(name, number, match.start() >= comment)
        if script.fills is not None and name not in script.fills:
            filled.left.append(use)
        elif name in script.arguments:
            return given.argument(script.arguments[name])
        elif name in given.environment:
            return given.environment[name]
        elif script.mentions(name):
            filled.unknown.append(use)
        elif script.empties:
            if not use.comment:
                filled.empty.append(use)
            return ""
        elif not use.comment or script.minds_comments:
            filled.unset.append(use)
        return match[0]

    def default(match: re.Match[str]) -> str:
        return given.environment.get(match[1], match[2])

    return VARIABLE.sub(value, DEFAULTED.sub(default, line) if script.expands else line)


def comment_at(line: str) -> int:
    """Where a line's comment begins; its length where it has none."""
    quote = before = ""  # the last character that is no blank
    for at, character in enumerate(line):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'" and before in ("", ":", "-", "[", "{", ","):
            quote = character
        elif character == "#" and (at == 0 or line[at - 1].isspace()):
            return at
        before = before if character.isspace() else character
    return len(line)


def spots(deployment: Document) -> list[tuple[Place, int]]:
    """Where a Deployment has what the script's arguments say, with the argument's number."""
    containers = deployment.tables("spec", "template", "spec", "containers")
    images: list[tuple[Place, int]] = [((*place, "image"), 4) for place, _ in containers]
    return [(("metadata", "name"), 2), (("spec", "replicas"), 3), *images]


def _tokens(template: Rendered, script: Script, given: Given) -> dict[str, int]:
    """The script's own words in the places of its arguments, with the argument's number."""
    deployment = template.deployment(given.deployment)
    unknown = {use.name for use in template.filled.unknown}
    found: dict[str, int] = {}
    for place, argument in spots(deployment) if deployment else []:
        text = deployment.at(*place) if deployment else None
        if not isinstance(text, str) or not text:
            continue
        variable = VARIABLE.fullmatch(text)
        if names(text) <= unknown if variable else script.replaces(text, argument):
            found.setdefault(text, argument)
    return found


def _foreign(source: Source, script: Script, template: Rendered, given: Given) -> str:
    """Why a template that uses none of the script's arguments can't be judged, if so."""
    placeholder = FOREIGN.search(source.text)
    if placeholder:
        line = source.text.count("\n", 0, placeholder.start()) + 1
        return f"{source.where(line)} has {placeholder[0]}, which only {script.name} can fill in"
    deployment = template.deployment(given.deployment)
    if script.editor and (deployment is None or deployment.name != given.deployment):
        return f"{script.name} makes the manifest with {script.editor}, so {source.shown} is not it"
    return ""
