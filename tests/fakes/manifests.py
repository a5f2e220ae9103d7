"""Manifests that tests write down as text."""

from pathlib import Path

from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.parsing import Parsed, parse

OBJECT = "apiVersion: v1\nkind: X\n"
"""How any object begins."""


def parsed(text: str) -> Parsed:
    """A file of this text, read."""
    return parse(Source(Path("x.yml"), "x.yml", text))
