"""What README and docs/ say, as their tests read it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from fakes.folders import DOCS, ROOT

PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]

# What a reader would type: by what it begins with.
_TYPED = re.compile(r"^(?:pytest|make|pip|python3?|docker|kubectl|git|bash)\b(?! *$)")
_FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?<=\n\n)(?: {4}\S.*\n)+")
_INLINE = re.compile(r"(?<!`)`((?:pytest|make|pip|python3?) [^`\n]+)`(?!`)")
# What others have typed stands in a table of what was told.
_GENERATED = re.compile(r"<!-- generated: .*?<!-- end of ", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A block of code, and the language that the page says it is in; "" for none."""

    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """The blocks of a page, fenced ones and indented ones."""
    rest = _FENCED.sub("\n", page)
    indented = [Block("", each.replace("\n    ", "\n").strip()) for each in _INDENTED.findall(rest)]
    return [*(Block(*each) for each in _FENCED.findall(page)), *indented]


def commands(page: str) -> list[str]:
    """What a page has a reader type: in blocks, in steps of CI, and in the midst of a sentence."""
    found = []
    for block in blocks(page):
        for line in block.text.splitlines():
            typed = line.removeprefix("$ ").removeprefix("- run: ").partition("  #")[0].strip()
            is_screen = block.language == "console" and not line.startswith("$ ")
            if not is_screen and _TYPED.match(typed):
                found.append(typed)
    found += _INLINE.findall(_GENERATED.sub("", _FENCED.sub("", page)))
    return list(dict.fromkeys(found))


def links(page: str) -> list[str]:
    """Where a page leads to, without what stands in code."""
    prose = re.sub(r"(`+)[^`].*?\1", "", _FENCED.sub("", page))
    return re.findall(r"\]\(([^)\s]+)\)", prose)


def anchors(page: str) -> set[str]:
    """What a link may name behind `#`, as GitHub makes it of the headings."""
    headings = re.findall(r"^#+ +(.+)$", _FENCED.sub("", page), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\]\([^)]*\)", "", each)).strip().lower().replace(" ", "-")
        for each in headings
    }


def dead_links(path: Path, text: str) -> list[str]:
    """The links of a page that lead nowhere within the project.

    Args:
        path: the page's.
        text: the page's.
    """
    dead = []
    for link in links(text):
        if re.match(r"[a-z]+:", link):
            continue
        place, _, anchor = link.partition("#")
        there = (path.parent / place).resolve() if place else path
        if place and not there.exists():
            dead.append(f"{path.name}: {link}: there is no such file")
        elif anchor and anchor not in anchors(there.read_text() if place else text):
            dead.append(f"{path.name}: {link}: there is no such heading")
    return dead
