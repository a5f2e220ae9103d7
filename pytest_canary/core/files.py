"""Files that are there whole or not at all."""

from __future__ import annotations

import secrets
from pathlib import Path


def put(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it; a link in its place is replaced.

    What is no Unicode, such as half an emoji, is written as Python escapes it.

    Raises:
        OSError: it can't be written; what was there before is there still.
    """
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        # One that is there already, be it a link, is nobody's to write to.
        with fresh.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
