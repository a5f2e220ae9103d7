"""What is kept of a command's output."""

import tracemalloc

from fakes.cpu import cpu_seconds

from pytest_canary.core.output import Output, excerpt


def heard(*texts: str, limit: int = 20) -> Output:
    output = Output(limit)
    for text in texts:
        output.take(text)
    return output


def test_a_short_output_is_kept_as_it_is() -> None:
    output = heard("one\n", "two", "\n")
    assert output.text == "one\ntwo\n"
    assert (output.lines, output.last, output.cut) == (2, "two", False)


def test_an_output_of_just_the_limit_is_kept_as_it_is() -> None:
    output = heard("0123456789", "abcdefghij")
    assert output.text == "0123456789abcdefghij"
    assert not output.cut


def test_of_a_long_output_head_and_tail_are_kept_and_the_lines_between_are_counted() -> None:
    output = heard(*(f"line {number}\n" for number in range(100)))
    head, middle, tail = output.text.partition("… 97 lines left out …")
    assert head.startswith("line 0\nlin")
    assert middle
    assert tail.endswith("line 98\nline 99\n")
    assert (output.lines, output.last, output.cut) == (100, "line 99", True)


def test_an_output_that_never_ends_takes_no_more_memory_than_its_limit() -> None:
    output = Output(1000)
    for _ in range(10_000):
        output.take("y\n" * 50)
    assert len(output.text) < 1200
    assert output.lines == 500_000


def test_what_comes_in_many_pieces_is_put_together_once() -> None:
    """Pieces that are each copied with all that came before take minutes."""
    output, piece = Output(2**24), "x" * 63 + "\n"
    with cpu_seconds(20):
        for _ in range(100_000):
            output.take(piece)
    assert output.lines == 100_000
    assert output.text == piece * 100_000


def test_single_letters_take_little_more_memory_than_longer_pieces() -> None:
    output = Output(2**14)
    tracemalloc.start()
    try:
        for number in range(2**13):
            output.take(chr(0x4E00 + number % 1000) * 2)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2**18
    assert len(output.text) == 2**14


def test_what_is_left_out_of_a_line_that_never_ends_is_told_in_bytes() -> None:
    output = heard("begin", *["x" * 1000] * 20, "end")
    assert output.text == f"beginxxxxx\n… 19.0 kB left out …\n{'x' * 1000}end"


def test_of_many_lines_their_bytes_are_told_too() -> None:
    output = heard(*["one\n" * 100_000] * 4)
    assert "\n… 299,998 lines left out, 1.2 MB …\n" in output.text


def test_nothing_printed_has_no_last_line() -> None:
    assert (heard().text, heard().last, heard().lines) == ("", "", 0)
    assert heard("\n\n").last == ""


def test_a_person_is_shown_the_first_and_the_last_lines() -> None:
    told = excerpt("\n".join(f"line {number}" for number in range(1000))).splitlines()
    assert told[:2] == ["line 0", "line 1"]
    assert told[20] == "… 940 lines left out …"
    assert told[-1] == "line 999"
    assert len(told) == 61


def test_a_short_output_is_shown_as_it_is() -> None:
    text = "\n".join(f"line {number}" for number in range(61))
    assert excerpt(text) == text
    assert excerpt("") == ""


def test_a_line_that_never_ends_is_shown_in_part() -> None:
    assert excerpt("x" * 100_000) == "x" * 500 + "…"
