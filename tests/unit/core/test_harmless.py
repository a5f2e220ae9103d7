"""What an app may print to get at who reads it, and what is left of that."""

import pytest

from pytest_canary.core.harmless import harmless


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        # A clipboard, a cleared screen and a false result; a title; a link.
        ("\x1b]52;c;cm0=\x07\x1b[2J\x1b[H86 passed", "␛]52;c;cm0=␇␛[2J␛[H86 passed"),
        ("\x1b]0;title\x1b\\\\", "␛]0;title␛\\\\"),
        ("\x9b2J", r"\u009b2J"),
        ("10 %\r100 %", "10 %␍100 %"),
        ("passed\b\b\b\b\b\bfailed\x7f\x00", "passed␈␈␈␈␈␈failed␡␀"),
        # Colours go, Windows' line ends are line ends.
        ("\x1b[1;31mError\x1b[0m: no\x1b[38:5:1m\r\n", "Error: no\n"),
        # Text that reads otherwise than it is.
        ("access \u202enimda\u2066 \u200bx\ufeff", r"access \u202enimda\u2066 \u200bx\ufeff"),
        ("one\u2028two\x85", r"one\u2028two\u0085"),
        ("half a \ud83d", r"half a \ud83d"),
        # What CI takes for a command.
        ("::stop-commands::x\n  ::error file=a::b", ": :stop-commands::x\n  : :error file=a::b"),
        ("x ##vso[task.setvariable variable=A]b", "x # #vso[task.setvariable variable=A]b"),
        ("##[set-env name=A]b ##teamcity[x]", "# #[set-env name=A]b # #teamcity[x]"),
        ("\xa0::notice::x", "\xa0: :notice::x"),
        # What is none of that stays.
        ("a::b ## c [d]\n\tSchöne Grüße, 日本 👩‍💻 \xa0→", None),
        ("test_a.py::test_b #[x] # # [y]", None),
    ],
)
def test_text_is_shown_and_does_nothing(text: str, shown: str | None) -> None:
    assert harmless(text) == (text if shown is None else shown)
    assert harmless(harmless(text)) == harmless(text)


@pytest.mark.parametrize("text", ["\n" * 200_000, " " * 200_000, "#" * 200_000, ":" * 200_000])
def test_a_long_text_of_one_letter_is_looked_through_once(text: str) -> None:
    assert len(harmless(text)) <= len(text) + 1
