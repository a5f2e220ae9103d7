"""The rows as a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_canary.doctor.rows import Row

SHOWN = {"unknown": "?"}


def table(found: Sequence[Row]) -> str:
    """A line a row, and one below it where something is to be done."""
    wide = max(len(each.name) for each in found)
    lines = []
    for each in found:
        lines.append(f"  {each.name:<{wide}}  {SHOWN.get(each.state, each.state):<5}  {each.seen}")
        if each.next:
            lines.append(f"  {'':<{wide}}  next   {each.next}")
    return "\n".join(lines)


def conclusion(found: Sequence[Row]) -> str:
    """What it comes to, in one sentence."""
    lacking = [each.name for each in found if each.state == "lacks"]
    doubted = [each.name for each in found if each.state == "doubt"]
    if lacking:
        return f"no walk can be made here before that is mended: {', '.join(lacking)}"
    if doubted:
        return f"a walk can be made here, and may fail by: {', '.join(doubted)}"
    return "a walk can be made here"
