"""Text that is not ours, so written that no terminal and no CI takes it for a command."""

from __future__ import annotations

import re

# A colour says nothing to who reads a file, and letters behind it hide from who searches one.
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")

# What moves a cursor, ends a line elsewhere, turns text round, can't be seen, or is half a letter.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)

# GitHub's at a line's start, blanks before it or none; Azure's, TeamCity's and GitHub's older ones
# anywhere.
_COMMAND = re.compile(r"^[^\S\n]*:(?=:)|#(?=#\w*\[)", re.MULTILINE)


def harmless(text: str) -> str:
    r"""The text with everything that acts on who shows it made visible; line ends and tabs stay.

    A colour goes; ESC becomes `␛`, a letter that turns text round `\u202e`, and a CI command gets
    a blank inside: `: :error::`, `# #vso[`.
    """
    text = _COLOUR.sub("", text.replace("\r\n", "\n"))
    return _COMMAND.sub(_break, _UNSEEN.sub(_visible, text))


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else rf"\u{code:04x}"


def _break(found: re.Match[str]) -> str:
    return f"{found[0]} "
