"""Secrets in every form that they take on their way into a text, and texts that hold none."""

import base64
import copy
import html
import json
import pickle
import random
import shlex
import string
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from pytest_canary.core.masking import MASK, Redactor

PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAA==\nabc\n-----END KEY-----\n"
QUOTES = "'\""
SECRETS = [
    "hunter22",
    "pa.55*word",
    "a/b+c=d e&f?g#h",
    'it\'s "quoted" and $HOME `x` \\n',
    "<tag>&amp;",
    "pässwörd-Žluťoučký",
    "tab\there and there",
    "100%25 sure",
    "~-._ok",
    PEM,
]


def lower_hex(encoded: str) -> str:
    parts = encoded.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


FORMS: dict[str, Callable[[str], str]] = {
    "raw": lambda it: it,
    "base64": lambda it: base64.b64encode(it.encode()).decode(),
    "base64 without padding": lambda it: base64.b64encode(it.encode()).decode().rstrip("="),
    "base64 for URLs": lambda it: base64.urlsafe_b64encode(it.encode()).decode(),
    "base64 for URLs, without padding": lambda it: (
        base64.urlsafe_b64encode(it.encode()).decode().rstrip("=")
    ),
    "percent": lambda it: quote(it, safe=""),
    "percent in a path": quote,
    "percent in a form": quote_plus,
    "percent, small letters": lambda it: lower_hex(quote(it, safe="")),
    "percent in a path, small letters": lambda it: lower_hex(quote(it)),
    "percent in a form, small letters": lambda it: lower_hex(quote_plus(it)),
    "JSON": lambda it: json.dumps(it),
    "JSON with its letters": lambda it: json.dumps(it, ensure_ascii=False),
    "JSON of Go": lambda it: (
        json.dumps(it, ensure_ascii=False)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
    ),
    "JSON in JSON": lambda it: json.dumps(json.dumps({"password": it})),
    "Python": repr,
    "Python, bytes": lambda it: repr(it.encode()),
    "Python, in a longer text": lambda it: repr(f"{it}{QUOTES}").replace(f"\\{QUOTES}", ""),
    "shell": shlex.quote,
    "shell of Go": lambda it: "'" + it.replace("'", "'\\''") + "'",
    "Windows' line ends": lambda it: it.replace("\n", "\r\n"),
    "HTML": html.escape,
    "YAML": lambda it: "'" + it.replace("'", "''") + "'",
}


def surroundings(chance: random.Random) -> str:
    """Letters and line ends of which no secret is made."""
    return "".join(chance.choices("ACGT ,;\n", k=chance.randrange(0, 40)))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("secret", SECRETS)
def test_every_form_of_a_secret_is_taken_out(secret: str, form: str) -> None:
    chance = random.Random(f"{secret} {form}")
    written, redactor = FORMS[form](secret), Redactor(SECRETS)
    # What surrounds it in that form is no part of the secret: quotes, and a JSON object's key.
    for _ in range(20):
        before, after = surroundings(chance), surroundings(chance)
        redacted = redactor.redact(f"{before} {written} {after}")
        assert redacted.startswith(before)
        assert redacted.endswith(after)
        assert MASK in redacted
        rest = redacted.replace(MASK, "").removeprefix(before).removesuffix(after)
        assert set(rest) <= set(" '\"\\\n{}:paswordbc"), rest
        assert secret.strip() not in redacted


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_inside_a_longer_base64_text_is_taken_out(
    secret: str, encode: Callable[[bytes], bytes]
) -> None:
    chance, redactor = random.Random(secret), Redactor([secret])
    for offset in range(12):
        for end in range(4):
            before, after = chance.randbytes(offset), chance.randbytes(end)
            whole = encode(before + secret.encode() + after).decode()
            redacted = redactor.redact(whole)
            assert MASK in redacted
            # At most the letters that it shares with its neighbours are left of it.
            alone = len(encode(before)) + len(encode(after)) + 4
            assert len(redacted.replace(MASK, "")) <= alone


@pytest.mark.parametrize("seed", range(60))
def test_secrets_made_by_chance_are_taken_out_of_every_form(seed: int) -> None:
    chance = random.Random(seed)
    letters = string.ascii_letters + string.digits + string.punctuation + " éß€"
    secret = "".join(chance.choices(letters, k=chance.randrange(8, 40))).strip() + "!!"
    redactor = Redactor([secret])
    for name, write in FORMS.items():
        redacted = redactor.redact(f"[{write(secret)}]")
        assert MASK in redacted, name
        assert len(redacted) <= len(MASK) + 24, (name, redacted)
    data = chance.randbytes(chance.randrange(0, 30))
    assert MASK in redactor.redact(base64.b64encode(data + secret.encode()).decode())


@pytest.mark.parametrize("seed", range(20))
def test_a_text_without_a_secret_stays_as_it_is(seed: int) -> None:
    chance = random.Random(seed)
    text = "".join(chance.choices(string.printable, k=20_000))
    assert Redactor(SECRETS).mask(text) == text
    assert Redactor().mask(text) == text


def test_each_line_of_a_secret_is_one_and_a_short_one_is_not() -> None:
    redactor = Redactor([PEM])
    for line in PEM.splitlines():
        expected = line if line == "abc" else MASK
        assert redactor.redact(f"> {line} <") == f"> {expected} <"
    windows = PEM.replace("\n", "\r\n")
    assert "MIIE" not in Redactor([windows]).redact(PEM)


def test_a_secret_that_is_a_part_of_another_does_not_uncover_it() -> None:
    assert Redactor(["abc", "abcdef", ""]).redact("abcdef and abc") == f"{MASK} and {MASK}"


def test_two_secrets_that_overlap_uncover_no_part_of_each_other() -> None:
    assert Redactor(["abcdef", "defghi"]).redact("<abcdefghi>") == f"<{MASK}>"
    assert Redactor(["abab"]).redact("<ababab>") == f"<{MASK}>"
    assert Redactor(["abc"]).redact("<abcabc>") == f"<{MASK}{MASK}>"


def test_a_short_secret_is_known_raw_and_no_longer_text_is_taken_for_it() -> None:
    redactor = Redactor(["abc"])
    assert redactor.redact("abc YWJj xYWJjx") == f"{MASK} YWJj xYWJjx"


@pytest.mark.parametrize("form", FORMS.keys() - {"JSON in JSON"})  # whose key is no part of it
def test_what_a_cut_leaves_of_a_secret_is_taken_out(form: str) -> None:
    secret = "correct-horse+battery=22"
    written = FORMS[form](secret).removeprefix("b").strip("'\"{}")
    redactor = Redactor([secret])
    for dots in ("…", "...", " …", "\n… 12 lines left out …\n"):
        for size in range(4, len(written)):
            head, tail = written[:size], written[-size:]
            assert redactor.redact(f"before {head}{dots}after") == f"before {MASK}{dots}after"
            assert redactor.redact(f"before{dots}{tail} after") == f"before{dots}{MASK} after"
        assert redactor.redact(f"cor{dots}=22") == f"cor{dots}=22"


def test_a_cut_line_of_a_log_costs_no_look_at_every_secret() -> None:
    text = "Loading the next page...\n" * 20_000
    assert Redactor(SECRETS).redact(text) == text


def test_base64_that_was_broken_into_lines_is_taken_out() -> None:
    redactor = Redactor(["hunter22", PEM])
    for before in range(60, 80):
        whole = base64.encodebytes(b"x" * before + b"hunter22" + b"y" * 40).decode()
        assert redactor.redact(f"<\n{whole}>").startswith(f"<\n{MASK}")
        indented = whole.replace("\n", "\n    ")
        assert redactor.redact(f"<\n    {indented}>").startswith(f"<\n    {MASK}")
    assert redactor.redact(base64.encodebytes(PEM.encode()).decode()).strip() == MASK
    assert redactor.redact("a" * 200_000) == "a" * 200_000
    harmless = base64.encodebytes(b"x" * 200).decode()
    assert redactor.redact(harmless) == harmless


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgres://app:s3cret@db:5432/app", f"postgres://app:{MASK}@db:5432/app"),
        ("amqp://:s3c:ret@mq", f"amqp://:{MASK}@mq"),
        ("redis://app:p@ss@cache/0?x=1 and", f"redis://app:{MASK}@cache/0?x=1 and"),
        ('{"url": "http://app:s3cret@shop"}', f'{{"url": "http://app:{MASK}@shop"}}'),
        ("http://127.0.0.1:8080/a@b", "http://127.0.0.1:8080/a@b"),
        ('"http://x:1", "me@here"', '"http://x:1", "me@here"'),
        ("postgres://$DB_USER:$DB_PASSWORD@db", "postgres://$DB_USER:$DB_PASSWORD@db"),
        ("git@github.com:owner/name", "git@github.com:owner/name"),
    ],
)
def test_a_password_in_a_url_is_taken_out_though_nobody_has_told_it(url: str, shown: str) -> None:
    assert Redactor().redact(url) == shown
    heard: list[str] = []
    stream = Redactor().stream(heard.append)
    for letter in f"{url} ":
        stream.write(letter)
    stream.close()
    assert "".join(heard) == f"{shown} "


def test_a_secret_is_taken_out_before_and_after_a_text_is_made_harmless() -> None:
    redactor = Redactor(["hunter22", "::x\x1b!"])
    assert redactor.redact("hun\x1b[1mter22 ::x\x1b!") == f"{MASK} {MASK}"
    assert redactor.redact("\x1b[2J::error::hunter22\u202e") == f"␛[2J::error::{MASK}\\u202e"


def test_a_secret_that_is_told_later_is_taken_out_from_then_on() -> None:
    redactor = Redactor(["first-one"])
    assert redactor.redact("first-one second-one") == f"{MASK} second-one"
    redactor.add("second-one", "")
    assert redactor.redact("first-one second-one") == f"{MASK} {MASK}"
    assert redactor.redact(base64.b64encode(b"second-one").decode()) == MASK


def test_bytes_that_are_no_text_are_masked_too() -> None:
    secret = b"caf\xe9-secret".decode(errors="surrogateescape")
    assert Redactor([secret]).redact(f"<{secret}>") == f"<{MASK}>"
    assert Redactor([secret]).redact(base64.b64encode(b"caf\xe9-secret").decode()) == MASK


def test_nothing_prints_a_secret() -> None:
    redactor = Redactor(["hunter22"])
    shown = [repr(redactor), str(redactor), f"{redactor}", repr([redactor]), f"{redactor!r}"]
    assert set(shown) == {MASK, f"[{MASK}]"}
    with pytest.raises(TypeError):
        vars(redactor)
    for store in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not to be stored"):
            store(redactor)


@pytest.mark.parametrize("seed", range(40))
def test_a_secret_that_is_cut_in_a_stream_is_taken_out(seed: int) -> None:
    chance = random.Random(seed)
    written = [FORMS[chance.choice(list(FORMS))](chance.choice(SECRETS)) for _ in range(6)]
    text = "".join(surroundings(chance) + each for each in written) + surroundings(chance)
    redactor, heard = Redactor(SECRETS), list[str]()
    stream = redactor.stream(heard.append)
    rest = text
    while rest:
        size = chance.choice([1, 2, 3, 7, 50])
        stream.write(rest[:size])
        rest = rest[size:]
    stream.close()
    assert "".join(heard) == redactor.mask(text)


def test_a_stream_goes_on_at_once_unless_a_secret_may_have_begun() -> None:
    heard: list[str] = []
    stream = Redactor(["hunter22", "hunter22-and-more"]).stream(heard.append)
    for piece in ("ready? ", "the hunt", " is on; hunter2", "2-and", " so on", " hun"):
        stream.write(piece)
    assert heard == ["ready? ", "the ", "hunt is on; ", f"{MASK}-and so on", " "]
    stream.close()
    assert heard[-1] == "hun"


def test_a_stream_without_secrets_is_handed_on_piece_by_piece() -> None:
    heard: list[str] = []
    stream = Redactor().stream(heard.append)
    for piece in ("one", " two\n", ""):
        stream.write(piece)
    stream.close()
    assert heard == ["one", " two\n"]


class Counted(str):
    """A text that counts how much of it was searched."""

    searched = 0

    def find(self, what: str, start: int = 0, *more: int) -> int:  # type: ignore[override]
        at = super().find(what, start, *more)
        self.searched += (at if at >= 0 else len(self)) - start + 1
        return at

    def rfind(self, what: str, start: int, end: int) -> int:  # type: ignore[override]
        self.searched += end - start
        return super().rfind(what, start, end)


@pytest.mark.parametrize(
    "line", ["a line of a log, as there are many\n", "hunter22 and hunter22\n", "a" * 40]
)
def test_ten_times_the_text_takes_ten_times_the_search(line: str) -> None:
    redactor = Redactor(["hunter22", "aaaaaaaa"])

    def searched(times: int) -> int:
        text = Counted(line * times)
        redactor.redact(text)
        return text.searched

    assert searched(10_000) < 11 * searched(1_000)


def test_ten_megabytes_are_redacted() -> None:
    text = "a line of a log, as there are many\n" * 300_000
    assert Redactor(SECRETS).redact(f"{text}hunter22") == f"{text}{MASK}"
