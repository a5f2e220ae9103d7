"""What the rules find of variables, as the project's own script fills them in."""

from pathlib import Path

import pytest
from fakes.folders import ROOT
from fakes.preflight import Edit, Inspect, codes

ENVSUBST = 'export NAME="$2" COUNT=${3} IMAGE=$4\nenvsubst <"$1" | kubectl apply -f -\n'
SED = 'sed -e "s|\\$deployment|$2|;s|\\$replicas|$3|;s|\\$img|$4|" "$1" | kubectl apply -f -\n'
LITERAL = 'sed "s/APP_NAME/$2/;s/__N__/$3/;s|old:image|$4|" $1 | kubectl apply -f -\n'
OWN: tuple[Edit, ...] = (
    ("$deployment", "$NAME"),
    ("$replicas", "${COUNT}"),
    ("$img", "$IMAGE"),
)
WORDS: tuple[Edit, ...] = (
    ("$deployment", "APP_NAME"),
    ("$replicas", "__N__"),
    ("$img", "old:image"),
)


@pytest.mark.parametrize(
    ("apply", "edits"),
    [
        (ENVSUBST, OWN),
        ("#!/usr/bin/env python3\n# fills in NAME, COUNT and IMAGE\n", OWN),
        (SED, ()),
        (LITERAL, WORDS),
        ('#!/bin/sh\nexec ./render "$@"\n', ()),
    ],
    ids=["envsubst", "python", "sed", "sed with words", "another script"],
)
def test_a_script_may_call_its_arguments_as_it_likes(
    inspect: Inspect, apply: str, edits: tuple[Edit, ...]
) -> None:
    assert inspect(*edits, apply=apply).findings == ()


def test_a_script_that_lists_its_variables_leaves_the_others(inspect: Inspect) -> None:
    script = "envsubst '$deployment $replicas $img' <$1 | kubectl apply -f -"
    loop = "command: [sh, -c, 'for i in 1 2; do echo $i; done']"
    edit = ("          image: $img\n", f"          image: $img\n          {loop}\n")
    assert inspect(edit, apply=script).findings == ()
    port = (
        "          image: $img\n",
        '          image: $img\n          env: [{name: A, value: "$PORT"}]\n',
    )
    (found,) = inspect(port, apply=script).findings
    assert found.sentence == "$PORT stays as it stands: apply.sh does not fill it in"


def test_a_variable_in_a_comment_matters_where_the_script_fills_in_comments(
    inspect: Inspect,
) -> None:
    edit = ("apiVersion: apps/v1", "apiVersion: apps/v1 # not $yet")
    (found,) = inspect(edit).findings
    assert found.sentence == "$yet has no value, and apply.sh fills in comments too"
    assert inspect(edit, *OWN, apply=ENVSUBST).findings == ()


ONE_MORE = (
    "          image: $img\n",
    '          image: $img\n          env: [{name: A, value: "$PROT"}]\n',
)


def test_a_variable_that_envsubst_has_no_value_for_becomes_nothing(inspect: Inspect) -> None:
    (found,) = inspect(ONE_MORE, *OWN, apply=ENVSUBST).findings
    assert (found.code, found.where) == ("empty-variable", "manifests/deployment.yml:17")
    assert found.sentence == "$PROT has no value, so apply.sh puts nothing in its place"
    assert found.next == "did you mean PORT?"


PORT: Edit = (
    "          image: $img\n",
    '          image: $img\n          env: [{name: PORT, value: "$PORT"}]\n',
)


def test_a_port_that_nobody_sets_is_told_where_the_script_puts_nothing_there(
    inspect: Inspect,
) -> None:
    (found,) = inspect(PORT, *OWN, apply=ENVSUBST).findings
    assert (found.code, found.where) == ("empty-variable", "manifests/deployment.yml:17")
    assert found.sentence == "$PORT has no value, so apply.sh puts nothing in its place"
    assert found.next == (
        "give it one in the settings, under [environment], and wherever it is released, or write "
        "its value here"
    )


def test_a_port_is_not_told_that_is_set_or_has_its_usual_value(
    inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert inspect(PORT).findings == ()
    assert inspect(PORT, *OWN, apply=ENVSUBST, environment={"PORT": "8080"}).findings == ()
    monkeypatch.setenv("PORT", "8080")
    assert inspect(PORT, *OWN, apply=ENVSUBST).findings == ()


@pytest.mark.parametrize(
    ("edit", "breaks"),
    [
        (("containerPort: 3000", "containerPort: $PROT"), "missing-field"),
        (("replicas: ${COUNT}", "replicas: $CUONT"), "wrong-replicas"),
        (("image: $IMAGE", "image: $IMGE"), "wrong-image"),
    ],
)
def test_what_nothing_in_the_place_of_a_variable_breaks_is_told_too(
    inspect: Inspect, edit: Edit, breaks: str
) -> None:
    assert set(codes(inspect(*OWN, edit, apply=ENVSUBST))) == {"empty-variable", breaks}


def test_the_environment_of_the_process_counts(
    inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = (
        "          image: $img\n",
        '          image: $img\n          env: [{name: A, value: "$OURS"}]\n',
    )
    assert codes(inspect(edit)) == ["unset-variable"]
    monkeypatch.setenv("OURS", "1")
    assert inspect(edit).findings == ()


def test_a_value_from_the_environment_is_never_told(
    inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", "12345678")
    edit = (
        "          image: $img\n",
        "          image: $img\n          env: [{name: A, value: $TOKEN}]\n",
    )
    (found,) = inspect(edit).findings
    assert found.code == "wrong-type"
    assert "12345678" not in f"{found.sentence} {found.details}"
    assert "value: $TOKEN" in found.evidence


def test_the_databases_variables_have_the_shape_that_they_will_have(inspect: Inspect) -> None:
    image = "          image: $img\n"
    quoted = '          env: [{name: P, value: "$DB_PORT"}, {name: W, value: $DB_PASSWORD}]\n'
    assert inspect((image, image + quoted)).findings == ()
    bare = "          env: [{name: P, value: $DB_PORT}]\n"
    assert codes(inspect((image, image + bare))) == ["wrong-type"]


def test_without_a_database_its_variables_and_its_secret_are_not_there(inspect: Inspect) -> None:
    image = "          image: $img\n"
    edit = (image, f'{image}          env: [{{name: H, value: "$DB_HOST"}}]\n')
    found = inspect(edit, database={"image": "none"}).findings
    assert [each.code for each in found] == ["unset-variable", "missing-secret"]
    assert found[1].next == 'it comes with a database: [database] image is "none"'


def test_a_variable_that_nothing_uses_is_told_with_its_line_in_the_settings(
    inspect: Inspect, tmp_path: Path
) -> None:
    (tmp_path / "canary.toml").write_text('name = "shop"\n[environment]\nPROT = "80"\n')
    (found,) = inspect(environment={"PROT": "80"}).findings
    assert (found.code, found.where) == ("unused-variable", "canary.toml:3")
    assert found.sentence == (
        "PROT is set in [environment], and neither manifests/deployment.yml nor apply.sh uses it"
    )


def test_a_variable_that_the_script_uses_is_used(inspect: Inspect) -> None:
    script = (ROOT / "apply.sh").read_text()
    assert "ROLLOUT_TIMEOUT" in script
    assert inspect(environment={"ROLLOUT_TIMEOUT": "60s", "PORT": "3000"}).findings == ()
