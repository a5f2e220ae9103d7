r"""What a shell command does with variables, as far as its text says it: bash's words, not more.

Told apart are what a shell puts in (`$X`, `"${X%.*}"`, `$(echo $X)`, a here-document) and what it
leaves alone (`'$X'`, `\$X`, `<<'END'`, a comment); and what gives a variable a value.
"""

from __future__ import annotations

import re
from functools import lru_cache

from pytest_canary.pipelines.shell_words import (
    ANYTHING,
    ARITHMETIC,
    ASSIGNMENT,
    NAME,
    Event,
    Words,
)

# What Semaphore puts in before a shell sees the command: ${{parameters.SIZE}}.
_INSERTED = re.compile(r"[$%]\{\{[^{}\n]*\}\}")
_HEREDOC = re.compile(r"<<(-?)[ \t]*(?:'([^'\n]*)'|\"([^\"\n]*)\"|(\\?)([\w.!-]+))")

# Parameters without a name, which have a value always: $$ and $?.
_SPECIAL = tuple("$?#!@*-0123456789")

# Substitutions and their commands within each other; a command has five or six.
DEEPEST = 60


@lru_cache(maxsize=1024)
def events(command: str) -> tuple[Event, ...]:
    """What a command does with variables, in its order; jobs share many of their commands."""
    text = _INSERTED.sub(lambda found: "x" * len(found.group()), command)
    reader = _Reader(text)
    reader.commands("")
    return tuple(reader.found)


class _Reader:
    """Goes through a text once; a text that is no shell's ends somewhere, and no more."""

    def __init__(self, text: str) -> None:
        self.found: list[Event] = []
        self._text = text
        self._at = 0
        self._depth = 0
        self._end = ""
        self._documents: list[tuple[str, bool, bool]] = []

    def commands(self, end: str) -> None:
        """Read commands until a character, which is taken too; until the text's end for none."""
        self._deepen()
        outer, self._end = self._end, end
        cases, words = 0, Words(self.found)
        while self._at < len(self._text):
            character = self._text[self._at]
            if character == end and not cases:
                self._at += 1
                break
            if character in " \t" or (character in "&|()<>" and words.is_comparison):
                self._at += 1
            elif character == "#":
                self._at = self._line_end()
            elif character in "\n;&|()":
                self._at += 1
                words.end()
                if character == "\n":
                    self._skip_documents()
                elif character == "(" and self._text.startswith("(", self._at):
                    self._arithmetic()
            elif character in "<>":
                self._redirection()
            else:
                word = self._word(words)
                cases += words.is_first and word in ("case", "esac") and (1, -1)[word == "esac"]
                words.add(word)
        words.end()
        self._end = outer
        self._depth -= 1

    def _deepen(self) -> None:
        """Begin what stands within something; within too much, the rest is not looked at."""
        self._depth += 1
        if self._depth > DEEPEST:
            self.found.append(ANYTHING)
            self._at = len(self._text)

    def _line_end(self) -> int:
        found = self._text.find("\n", self._at)
        return len(self._text) if found < 0 else found

    def _arithmetic(self) -> None:
        """`((…))`, which may set variables without a `$`."""
        end = self._text.find("))", self._at)
        end = len(self._text) if end < 0 else end
        inside = self._text[self._at + 1 : end]
        self.found += [Event("set", found[1]) for found in ARITHMETIC.finditer(inside)]
        self._read_quoted(end)
        self._at = min(end + 2, len(self._text))

    def _redirection(self) -> None:
        found = _HEREDOC.match(self._text, self._at)
        if self._text.startswith("<<<", self._at):
            self._at += 3
        elif found:
            bare = found[5] if found[5] is not None else ""
            quoted = bool(found[4]) or found[5] is None
            self._documents.append((found[2] or found[3] or bare, quoted, bool(found[1])))
            self._at = found.end()
        elif self._text.startswith("(", self._at + 1):
            self._at += 2
            self.commands(")")
        else:
            self._at += 1

    def _skip_documents(self) -> None:
        """Read the here-documents that begin at this line."""
        documents, self._documents = self._documents, []
        for word, quoted, indented in documents:
            tabs = "\t*" if indented else ""
            ending = re.compile(rf"^{tabs}{re.escape(word)}$", re.MULTILINE)
            found = ending.search(self._text, self._at)
            end = found.start() if found else len(self._text)
            if not quoted:
                self._read_quoted(end)
            self._at = found.end() if found else end

    def _word(self, words: Words) -> str:
        """A word without its quotes; what is put into it is left out."""
        assigned = ASSIGNMENT.match(self._text, self._at) if words.may_assign else None
        if assigned:
            self._at = assigned.end()
            if self._text.startswith("(", self._at):
                self._at += 1
                self.commands(")")
        begin, parts = self._at, [assigned.group() if assigned else ""]
        ends = " \t\n;&|()<>" + ("`" if self._end == "`" else "")
        while self._at < len(self._text) and self._text[self._at] not in ends:
            parts.append(self._piece())
        if self._at == begin and not assigned:
            self._at += 1
        if assigned:
            self.found.append(Event("set", assigned[1]))
        return "".join(parts)

    def _piece(self) -> str:
        """What stands in a word, up to where something else begins."""
        character, begin = self._text[self._at], self._at
        if character == "\\":
            self._at += 2
            return self._text[begin + 1 : self._at].strip("\n")
        if character == "'" or self._text.startswith("$'", self._at):
            return self._single(character == "$")
        if character == '"' or self._text.startswith('$"', self._at):
            self._at += 1 if character == '"' else 2
            inside = self._at
            end = self._read_quoted(None)
            return self._text[inside:end]
        if character in "$`":
            self._read_inserted()
            return ""
        self._at += 1
        return character

    def _single(self, escapes: bool) -> str:
        begin = self._at = self._at + (2 if escapes else 1)
        while self._at < len(self._text) and self._text[self._at] != "'":
            self._at += 2 if escapes and self._text[self._at] == "\\" else 1
        found = self._text[begin : self._at]
        self._at += 1
        return found

    def _read_quoted(self, end: int | None) -> int:
        """Read what stands in double quotes, up to the closing one or to a place; where it ends."""
        limit = len(self._text) if end is None else end
        while self._at < limit:
            character = self._text[self._at]
            if character == '"' and end is None:
                self._at += 1
                return self._at - 1
            if character == "\\":
                self._at += 2
            elif character in "$`":
                self._read_inserted()
            else:
                self._at += 1
        return self._at

    def _read_inserted(self) -> None:
        """What begins with `$` or a backtick."""
        text, self._at = self._text, self._at + 1
        self._deepen()
        if text[self._at - 1] == "`":
            self.commands("`")
        elif text.startswith("((", self._at):
            self._at += 1
            self._arithmetic()
        elif text.startswith("(", self._at):
            self._at += 1
            self.commands(")")
        elif text.startswith("{", self._at):
            self._at += 1
            self._parameter()
        elif found := NAME.match(text, self._at):
            self._at = found.end()
            self.found.append(Event("use", found.group()))
        elif text[self._at : self._at + 1] in _SPECIAL:
            self._at += 1
        self._depth -= 1

    def _parameter(self) -> None:
        """The inside of `${…}`, which may have others in it."""
        begin = self._at
        if self._text[begin : begin + 1] in ("!", "#"):
            self._at += 1
        found = NAME.match(self._text, self._at)
        if found:
            self._at = found.end()
            rest = self._text[self._at : self._at + 2]
            operator = rest[1:] if rest.startswith(":") else rest[:1]
            listed = self._text[begin] == "!" and operator in ("*", "@")
            spared = operator in ("-", "=", "+") and operator != ""
            if not listed:
                self.found.append(Event("spare" if spared else "use", found.group()))
            if operator == "=":
                self.found.append(Event("set", found.group()))
        while self._at < len(self._text) and self._text[self._at] != "}":
            if self._text[self._at] in "\\'\"$`":
                self._piece()
            else:
                self._at += 1
        self._at += 1
