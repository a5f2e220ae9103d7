"""Templates, as their scripts fill them in."""

from pathlib import Path

import pytest

from pytest_canary.manifests.documents import Source
from pytest_canary.manifests.rendered import Given
from pytest_canary.manifests.templates import Script, comment_at, fill, names, render

GIVEN = Given("shop-canary", 1, "shop:1", {"PORT": "3000", "LINES": "a\nb"})


def test_variables_are_filled_in_line_for_line() -> None:
    text = "a: $PORT\nb: ${PORT}0\nc: $LINES\nd: $deployment-$replicas-$img\ne: $1 $ $$x $(x)\n"
    filled = fill(Source(Path("x"), "x", text), Script("apply.sh", "awk ENVIRON"), GIVEN)
    assert filled.text == (
        "a: 3000\nb: 30000\nc: a\nb\nd: shop-canary-1-shop:1\ne: $1 $ $$x $(x)\n"
    )
    assert filled.origin[:5] == [1, 2, 3, 3, 4]
    assert [use.name for use in filled.unset] == ["x"]


def test_a_value_of_several_lines_leaves_the_lines_that_are_told() -> None:
    text = "apiVersion: v1\nkind: X\na: |\n  $TWO\nb: [\nc: 1\n"
    given = Given("x", 1, "x:1", {"TWO": "1\n  2"})
    template = render(Source(Path("x"), "x", text), Script("apply.sh", ""), given)
    assert template.parsed.faults[0].line == 5


def test_a_shell_knows_defaults_and_envsubst_does_not() -> None:
    source = Source(Path("x"), "x", "a: ${PORT:-1} ${MORE:-2}\n")
    shell = Script("apply.sh", 'eval "cat <<E\n$(cat $1)\nE"')
    assert fill(source, shell, GIVEN).text == "a: 3000 2\n"
    assert fill(source, Script("apply.sh", "envsubst <$1"), GIVEN).text == source.text


@pytest.mark.parametrize(
    "text", ["{{ x " * 25_000, "{%" * 50_000, "<% " * 30_000, "@a" * 50_000, "\"'" * 50_000]
)
def test_a_line_of_beginnings_is_searched_once(text: str) -> None:
    """A search from each of them to the line's end would take minutes."""
    template = render(Source(Path("x"), "x", text), Script("apply.sh", f"envsubst '{text}$"), GIVEN)
    assert template.parsed.documents == []


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("a: b # c", 5),
        ("# c", 0),
        ("a: b#c", 6),
        ('a: "b # c" # d', 11),
        ("a: it's # c", 8),
        ("a: 'b", 5),
    ],
)
def test_a_comment_begins_outside_quotes(line: str, at: int) -> None:
    assert comment_at(line) == at


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("export a=$2 b=\"$3\" c='${4}'", {"a": 2, "b": 3, "c": 4}),
        ("sed 's|\\$name|$2|;s/${count}/$3/g'", {"name": 2, "count": 3}),
        ("IMAGE=${4:?missing}", {"IMAGE": 4}),
        ("x=$1 y=$20 z=$5", {}),
    ],
)
def test_a_script_says_how_it_calls_its_arguments(text: str, arguments: dict[str, int]) -> None:
    usual = {"deployment": 2, "replicas": 3, "img": 4}
    assert Script("apply.sh", text).arguments == usual | arguments


@pytest.mark.parametrize(
    ("text", "fills"),
    [
        ("envsubst <$1", None),
        ("envsubst '$a ${b}' <$1", {"a", "b"}),
        ("sed s/$a/b/", {"a"}),
        ("awk '{print ENVIRON[$1]}' | sed x", None),
        ('eval "cat <<E\n$(cat $1)\nE"', None),
    ],
)
def test_a_script_says_which_variables_it_fills_in(text: str, fills: set[str] | None) -> None:
    assert Script("apply.sh", text).fills == fills


def test_a_variable_has_the_scripts_own_name_in_a_fix() -> None:
    assert Script("apply.sh", "export NAME=$2").variable(2) == "NAME"
    assert Script("apply.sh", "deployment=$2").variable(2) == "deployment"
    assert Script("apply.sh", "").variable(4) == "img"


def test_names_are_those_of_variables_only() -> None:
    assert names("$a ${b} $(c) $1 $$d ${e:-f}") == {"a", "b", "d"}
