"""From a picture's specification to an SVG that fits into the page."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Sequence
from html import escape
from pathlib import Path

from pytest_canary import commands
from pytest_canary.reporting.frame import Picture, Spec

TIMEOUT = 60


def draw(specs: Sequence[Spec]) -> list[str]:
    """The specifications as SVGs.

    Raises:
        CommandError: they can't be drawn.
    """
    if not specs:
        return []
    # Not as a module: that would import the whole package again. -P: nor what lies beside it.
    argv: list[str | Path] = [sys.executable, "-P", Path(__file__).with_name("draw.py")]
    found: list[str] = json.loads(
        commands.run_bytes(argv, timeout=TIMEOUT, stdin=[json.dumps(list(specs)).encode()])
    )
    return found


def drawn(pictures: Sequence[Picture]) -> dict[tuple[str, str], str]:
    """Every picture in every size, by its key and the frame's name, ready for the page.

    Raises:
        CommandError: they can't be drawn.
    """
    wanted = [(each, name) for each in pictures for name in each.specs]
    svgs = draw([each.specs[name] for each, name in wanted])
    return {
        (each.key, name): embedded(svg, f"{each.key}-{name}", each.title, each.description)
        for (each, name), svg in zip(wanted, svgs, strict=True)
    }


def embedded(svg: str, key: str, title: str, description: str) -> str:
    """An SVG as a part of a page: it scales, has a name and a description, and IDs of its own."""
    root = re.match(r"<svg\b[^>]*>", svg)
    box = re.search(r'viewBox="([^"]*)"', root[0]) if root else None
    if not root or not box:
        raise ValueError(f"no SVG: {svg[:80]!r}")
    inner = svg[root.end() :]
    inner = re.sub(r'\bid="', f'id="{key}-', inner)
    inner = inner.replace("url(#", f"url(#{key}-")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box[1]}" role="img" '
        f'aria-labelledby="{key}-title {key}-desc">'
        f'<title id="{key}-title">{escape(title)}</title>'
        f'<desc id="{key}-desc">{escape(description)}</desc>{inner}'
    )
