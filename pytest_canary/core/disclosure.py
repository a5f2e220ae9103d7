"""Which secrets a command prints: by the variables that hold them, and never what it prints."""

from __future__ import annotations

import threading
from codecs import getincrementaldecoder
from collections.abc import Callable, Mapping

from pytest_canary.core.secret_forms import forms
from pytest_canary.core.secret_variables import secrets_of


class Disclosure:
    """Watches what a command prints for the values of secret variables, in whatever form.

    Args:
        variables: those that the command was given, by name; which are secret, their names and
            values tell.
        public: what everyone may read already: a secret that stands in it, such as a word that is
            a name somewhere else, tells nothing when it is printed.
    """

    def __init__(self, variables: Mapping[str, str], public: str = "") -> None:
        self._lock = threading.Lock()
        self._found: set[str] = set()
        self._forms: dict[str, tuple[str, ...]] = {}
        for name, value in variables.items():
            # Of many lines the longest, as others are in every secret of that kind.
            lines = [max(each.splitlines(), key=len) for each in secrets_of({name: value}) if each]
            known = {form for line in lines if line not in public for form in forms(line)}
            if known:
                self._forms[name] = tuple(known)
        self._longest = max(
            (len(each) for known in self._forms.values() for each in known), default=1
        )

    @property
    def variables(self) -> list[str]:
        """The names of the variables whose values were printed."""
        return sorted(self._found)

    def of_pipe(self) -> Callable[[bytes], None]:
        """Takes what comes through one pipe, in pieces; an empty one for its end."""
        decoder = getincrementaldecoder("utf-8")("replace")
        read = self.of_text()
        return lambda chunk: read(decoder.decode(chunk, final=not chunk))

    def of_text(self) -> Callable[[str], None]:
        """Takes one text, in pieces."""
        rest = ""

        def take(piece: str) -> None:
            nonlocal rest
            text = rest + piece
            # Two pieces may have parts of one secret; no more is kept of them than that takes.
            rest = text[max(0, len(text) - self._longest + 1) :]
            with self._lock:
                for name in self._forms.keys() - self._found:
                    if any(form in text for form in self._forms[name]):
                        self._found.add(name)

        return take
