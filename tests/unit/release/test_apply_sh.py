"""apply.sh, run by a real bash, with a stand-in for kubectl that notes how it was called."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from fakes.folders import BUNDLED_TEMPLATE, ROOT

KUBECTL = """#!/bin/sh
printf '%s\\n' "$*" >>"$CALLS/arguments"
[ "$1" = apply ] && cat >"$CALLS/applied" && exit "${APPLY_CODE:-0}"
exit "${ROLLOUT_CODE:-0}"
"""
ARGUMENTS = (str(BUNDLED_TEMPLATE), "addressbook-canary", "1", "registry.invalid/demo:2")


@dataclass
class Script:
    """apply.sh in a folder of its own."""

    folder: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [ROOT / "apply.sh", *arguments],
            env={**self.environment, **environment},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def called(self) -> list[str]:
        path = self.folder / "calls" / "arguments"
        return path.read_text().splitlines() if path.exists() else []

    def applied(self) -> str:
        return (self.folder / "calls" / "applied").read_text()

    def template(self, text: str) -> str:
        path = self.folder / "template.yml"
        path.write_text(text)
        return str(path)


@pytest.fixture
def apply(tmp_path: Path) -> Script:
    if shutil.which("bash") is None:
        pytest.skip("bash is not installed")
    for name in ("bin", "calls"):
        (tmp_path / name).mkdir()
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(0o755)
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PORT": "3000"}
    return Script(tmp_path, {**environment, "CALLS": str(tmp_path / "calls")})


def test_the_template_is_applied_with_its_variables_and_the_rollout_awaited(apply: Script) -> None:
    ended = apply(*ARGUMENTS)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert apply.called() == [
        "apply -f -",
        "rollout status deployment/addressbook-canary --timeout=120s",
    ]
    expected = BUNDLED_TEMPLATE.read_text()
    values = {"deployment": ARGUMENTS[1], "replicas": "1", "img": ARGUMENTS[3], "PORT": "3000"}
    for name, value in values.items():
        expected = expected.replace(f"${name}", value)
    assert "$" not in expected
    assert apply.applied() == expected


def test_the_time_limit_comes_from_rollout_timeout(apply: Script) -> None:
    apply(*ARGUMENTS, ROLLOUT_TIMEOUT="7s")
    assert apply.called()[1].endswith("--timeout=7s")


@pytest.mark.parametrize(
    "value", ["a&b", "a\\1\\n", "$PORT ${img}", "a/b|c", "`id` $(id)", "'\"", "%s%d", "*", "-n", ""]
)
def test_a_value_arrives_as_it_is(apply: Script, value: str) -> None:
    manifest = apply.template("a: ${VALUE}-$VALUE\nb: $VALUE$PORT\nlast: no newline $5 $ 1$")
    assert apply(manifest, "a", "1", "x", VALUE=value).returncode == 0
    assert apply.applied() == f"a: {value}-{value}\nb: {value}3000\nlast: no newline $5 $ 1$\n"


@pytest.mark.parametrize("name", ["manifest", "rendered", "tool", "name", "match"])
def test_a_variable_of_the_script_is_none_of_the_template(apply: Script, name: str) -> None:
    manifest = apply.template(f"a: ${name}\n")
    assert f"not set: {name}\n" in apply(manifest, "a", "1", "x").stderr
    assert apply(manifest, "a", "1", "x", **{name: "mine"}).returncode == 0
    assert apply.applied() == "a: mine\n"


def test_every_variable_that_is_not_set_is_named_once_and_nothing_is_applied(
    apply: Script,
) -> None:
    manifest = apply.template("a: $DB_HOST ${DB_PORT}\nb: $DB_HOST $PORT\nc: $DB_HOSTS\n")
    ended = apply(manifest, "addressbook-canary", "1", "x")
    assert ended.returncode == 2
    expected = (
        f"apply.sh: {manifest} needs variables that are not set: DB_HOST, DB_PORT, DB_HOSTS\n"
    )
    assert ended.stderr == expected
    assert apply.called() == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "usage: apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE"),
        (ARGUMENTS[:3], "usage: apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE"),
        ((*ARGUMENTS, "more"), "usage: apply.sh MANIFEST DEPLOYMENT REPLICAS IMAGE"),
        (("no/such.yml", *ARGUMENTS[1:]), "there is no manifest no/such.yml"),
        ((".", *ARGUMENTS[1:]), "there is no manifest ."),
        ((ARGUMENTS[0], "Canary!", "1", "x"), "'Canary!' is no name for a Deployment"),
        ((ARGUMENTS[0], "", "1", "x"), "'' is no name for a Deployment"),
        ((ARGUMENTS[0], "a", "three", "x"), "replicas must be a number, not 'three'"),
        ((ARGUMENTS[0], "a", "-1", "x"), "replicas must be a number, not '-1'"),
        ((ARGUMENTS[0], "a", "", "x"), "replicas must be a number, not ''"),
        ((ARGUMENTS[0], "a", "1", ""), "'' is no image"),
        ((ARGUMENTS[0], "a", "1", "an image"), "'an image' is no image"),
    ],
)
def test_a_wrong_call_is_refused_in_one_sentence(
    apply: Script, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = apply(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == f"apply.sh: {sentence}\n"
    assert apply.called() == []


@pytest.mark.parametrize("missing", ["awk", "kubectl"])
def test_a_missing_tool_is_named(apply: Script, missing: str) -> None:
    bare = apply.folder / "bare"
    bare.mkdir()
    for tool in {"bash", "awk", "kubectl"} - {missing}:
        found = shutil.which(tool, path=apply.environment["PATH"])
        assert found
        (bare / tool).symlink_to(found)
    bash = shutil.which("bash")
    assert bash
    ended = subprocess.run(
        [bash, ROOT / "apply.sh", *ARGUMENTS],
        env={**apply.environment, "PATH": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 127
    assert ended.stderr == f"apply.sh: {missing} is not installed, or not on the PATH\n"


def test_kubectls_refusal_is_told_and_its_status_passed_on(apply: Script) -> None:
    ended = apply(*ARGUMENTS, APPLY_CODE="7")
    assert ended.returncode == 7
    expected = f"apply.sh: kubectl could not apply {BUNDLED_TEMPLATE} as addressbook-canary\n"
    assert ended.stderr == expected
    assert apply.called() == ["apply -f -"]


def test_a_rollout_that_fails_is_told_and_its_status_passed_on(apply: Script) -> None:
    ended = apply(*ARGUMENTS, ROLLOUT_CODE="3")
    assert ended.returncode == 3
    assert ended.stderr == (
        "apply.sh: addressbook-canary was not rolled out; "
        "see: kubectl describe deployment/addressbook-canary\n"
    )


@pytest.mark.parametrize("codes", [{}, {"APPLY_CODE": "1"}, {"ROLLOUT_CODE": "1"}])
def test_a_secret_is_in_no_output_no_argument_and_no_file(
    apply: Script, codes: dict[str, str]
) -> None:
    manifest = apply.template("password: $DB_PASSWORD\n")
    scratch = apply.folder / "tmp"
    scratch.mkdir()
    ended = apply(manifest, "a", "1", "x", DB_PASSWORD="s3cret$PORT&", TMPDIR=str(scratch), **codes)
    assert apply.applied() == "password: s3cret$PORT&\n"
    assert "s3cret" not in ended.stdout + ended.stderr + "".join(apply.called())
    left = {path.name for path in apply.folder.rglob("*") if path.is_file()}
    assert left == {"kubectl", "template.yml", "arguments", "applied"}
