"""The names of versions and pods that answers tell, kept once each, and not without end."""

from __future__ import annotations

from pytest_canary.core.wording import cut

# How many are kept, and how many letters of each; an app might send another with each answer.
NAMES = 1_000
LENGTH = 300


class Names:
    """Texts by number; after so many different ones, the others are all "…".

    Attributes:
        texts: each at its number; the first is empty.
    """

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {"": 0}
        self.texts = [""]

    def number(self, text: str) -> int:
        """A text's number, the same each time it comes."""
        text = cut(text, LENGTH)
        if text not in self._numbers and len(self.texts) >= NAMES:
            text = "…"
        if text not in self._numbers:
            self.texts.append(text)
            self._numbers[text] = len(self.texts) - 1
        return self._numbers[text]
