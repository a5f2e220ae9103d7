"""Every command that README, docs/ and examples have a reader type is run, here or by another test.

What needs a cluster is run here all the same, with stages that only write down that they were
entered: its options are taken, and go together.
"""

from __future__ import annotations

import ast
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from fakes.folders import DOCS, ROOT, TESTS
from fakes.repository import git, into_git
from fakes.walk import STAGES, Entered
from unit.docs.pages import PAGES, commands

WALK = "tests/acceptance/test_walk.py"
UPGRADE = f"{WALK}::test_an_upgrade_of_the_addressbook_passes_every_stage"
FAILURE = f"{WALK}::test_a_candidate_that_exits_is_explained_and_rolled_back_and_leaves_nothing"
DEMO = f"{WALK}::test_the_demo_is_walked_in_an_empty_folder"
ELSEWHERE = (
    "tests/acceptance/test_context.py::"
    "test_another_language_and_api_in_somebody_elses_cluster_pass_by_settings_alone"
)
PIPELINES = (
    "tests/acceptance/test_pipelines.py::test_a_release_by_its_own_pipelines_passes_every_stage"
)
RENDERERS = "tests/acceptance/test_renderers.py"
# Walks, each with the test that makes one on a real cluster.
WALKS = {
    "pytest --canary": UPGRADE,
    "pytest --canary -v": PIPELINES,
    "pytest --canary --junitxml=canary.xml": UPGRADE,
    "pytest --canary --canary-baseline git:v1.4": ELSEWHERE,
    "pytest --canary --canary-baseline registry.example.com/shop:1.4": UPGRADE,
    "pytest --canary --canary-baseline none": f"{WALK}::test_a_first_release_passes_every_stage",
    "pytest --canary --canary-baseline=addressbook:1 --canary-image=addressbook:bad": FAILURE,
    "pytest --canary --canary-context staging --canary-registry registry.example.com/shop": (
        ELSEWHERE
    ),
    "pytest --canary --canary-pipeline=.semaphore/semaphore.yml": PIPELINES,
}
# What such a test says in the place of an option: by its settings, or as the default that is told.
SAID_OTHERWISE = {
    "--canary-baseline": ("baseline git:v1",),
    "--canary-config": ("cwd=project",),
    "--canary-pipeline": ("pipeline=PIPELINE",),
}
# What an example's commands begin with, and how they go on.
NOTES = "pytest --canary-config canary.toml"
YAML, KUSTOMIZE, HELM, HOOK, TODOS, LINKS = (
    f"pytest --canary-config examples/{name}.toml"
    for name in (
        "addressbook-yaml/canary",
        "addressbook-kustomize/canary",
        "addressbook-helm/canary",
        "addressbook-helm/hook",
        "todos/canary",
        "links/canary",
    )
)
WALKED, CHECKED = "--canary --canary-baseline IMAGE", "--canary-check"
# Walks of the examples, each with the test that makes one on a real cluster.
EXAMPLES = {
    f"{NOTES} {WALKED}": ELSEWHERE,
    f"{YAML} {WALKED}": f"{RENDERERS}::test_plain_yaml_is_walked_as_it_stands",
    f"{KUSTOMIZE} {WALKED}": f"{RENDERERS}::test_what_kustomize_makes_is_walked",
    f"{HELM} {WALKED}": f"{RENDERERS}::test_a_chart_is_walked_by_helm_itself",
    f"{HOOK} {WALKED}": f"{RENDERERS}::test_a_hook_of_a_chart_migrates",
    f"{TODOS} {WALKED}": f"{RENDERERS}::test_a_flask_app_with_alembic_is_walked",
    f"{LINKS} {WALKED}": f"{RENDERERS}::test_a_go_app_without_a_shell_is_walked",
}
# Their checks, where they need no tool; each with the folder that it is typed in.
EXAMPLE_CHECKS = {
    f"{NOTES} {CHECKED}": "examples/notes",
    f"{YAML} {CHECKED}": ".",
    f"{TODOS} {CHECKED}": ".",
    f"{LINKS} {CHECKED}": ".",
}
# Checks, which are run here as they are; each with what is typed for a word that stands for one.
CHECKS: dict[str, Mapping[str, str]] = {
    "pytest --canary-check": {},
    "pytest --canary-check --kind-image=kindest/node:v1.35.4": {},
    "pytest --canary-check --canary-pipeline FILE": {"FILE": ".semaphore/semaphore.yml"},
}
# Targets of make, each with a part of what it runs.
TARGETS = {
    "make canary": "pytest --canary --canary-baseline=addressbook:1",
    "make test": '-m "not soak and (alone or first)" tests/acceptance',
    "make soak": '-m "" tests/acceptance',
    """make acceptance ARGS='-k faults -m ""'""": """tests/acceptance -k faults -m \"\"""",
}
# The rest, each with the test that runs it.
OTHERS = {
    "pip install pytest-canary": "tests/wheel/test_wheel.py::"
    "test_the_installed_plugin_collects_the_packaged_stages",
    "pytest --canary-doctor": "tests/plugin/test_doctor.py::"
    "test_what_lacks_is_told_with_what_to_do_and_fails",
    "pytest --canary-init": "tests/plugin/test_init.py::test_what_is_written_passes_a_check",
    "pytest --canary-demo": DEMO,
    f"{KUSTOMIZE} {CHECKED}": "tests/acceptance/engine/test_kustomize.py::"
    "test_a_check_passes_and_a_fault_is_told_with_its_own_line",
    f"{HELM} {CHECKED}": "tests/acceptance/engine/test_helm.py::"
    "test_a_check_passes_and_a_fault_is_told_with_its_templates_line",
    f"{HOOK} {CHECKED}": "tests/acceptance/engine/test_helm.py::"
    "test_a_hook_that_migrates_is_known_and_looked_at",
}
TABLES: tuple[Mapping[str, object], ...] = (
    WALKS,
    EXAMPLES,
    CHECKS,
    EXAMPLE_CHECKS,
    TARGETS,
    OTHERS,
)
TYPED = [*PAGES, *sorted((ROOT / "examples").glob("*/README.md"))]

KUBECONFIG = """\
contexts: [{name: staging, context: {cluster: staging}}]
clusters: [{name: staging, cluster: {server: "https://192.0.2.1"}}]
"""


def unknown(page: Path, text: str) -> list[str]:
    """The commands of a page that no table has, each with what to do."""
    known = {command for table in TABLES for command in table}
    return [
        f"{page.name}: `{command}` is run by no test; add it to a table of {Path(__file__).name}"
        for command in commands(text)
        if command not in known
    ]


@pytest.mark.parametrize("page", TYPED, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_every_command_is_run_by_a_test(page: Path) -> None:
    assert unknown(page, page.read_text()) == []


def test_no_table_has_a_command_that_nobody_is_told_to_type() -> None:
    told = {command for page in TYPED for command in commands(page.read_text())}
    assert [command for table in TABLES for command in table if command not in told] == []


def test_a_command_that_no_test_runs_is_told() -> None:
    page = """\
# Page

    pytest --canary-new    # a comment

```console
$ make coffee
pytest is printed here, and not typed
```

```yaml
- run: pytest --canary --canary-other
```

`pytest --canary-inline` in a sentence, and `pytest` alone.
"""
    assert unknown(Path("page.md"), page) == [
        f"page.md: `{command}` is run by no test; add it to a table of test_documented_commands.py"
        for command in (
            "make coffee",
            "pytest --canary --canary-other",
            "pytest --canary-new",
            "pytest --canary-inline",
        )
    ]


@pytest.mark.parametrize(
    ("command", "test"),
    [*WALKS.items(), *EXAMPLES.items(), *OTHERS.items()],
    ids=lambda it: it.split("::")[-1],
)
def test_the_test_that_is_named_runs_it(command: str, test: str) -> None:
    path, _, name = test.partition("::")
    text = sources(ROOT / path, name)
    asked = {word.partition("=")[0] for word in shlex.split(command) if word.startswith("--")}
    lacking = [
        option
        for option in sorted(asked)
        if not any(words in text for words in (f'"{option}', *SAID_OTHERWISE.get(option, ())))
    ]
    assert lacking == [], f"{test} does not run it with these"


def sources(path: Path, name: str) -> str:
    """A test's source, and that of what it calls in its own module and in the tests' helpers.

    Raises:
        KeyError: there is no such test.
    """
    wanted, found = [(path, name)], list[str]()
    while wanted:
        path, name = wanted.pop()
        text = path.read_text()
        tree = ast.parse(text)
        functions = {each.name: each for each in tree.body if isinstance(each, ast.FunctionDef)}
        found.append(ast.get_source_segment(text, functions[name]) or "")
        used = {each.id for each in ast.walk(functions[name]) if isinstance(each, ast.Name)}
        helpers = {
            alias.name: TESTS / f"{str(each.module).replace('.', '/')}.py"
            for each in tree.body
            if isinstance(each, ast.ImportFrom) and str(each.module).startswith("acceptance.")
            for alias in each.names
            if alias.name[0].islower()
        }
        called = dict.fromkeys(functions, path) | helpers
        wanted += [(called[other], other) for other in used & called.keys()]
    return "\n".join(found)


def arguments(command: str, words: Mapping[str, str] | None = None) -> list[str]:
    """What follows `pytest`."""
    return [(words or {}).get(word, word) for word in shlex.split(command)[1:]]


@pytest.fixture
def released(project: Path, stand_in: Entered, monkeypatch: pytest.MonkeyPatch) -> Entered:
    """A project with a release in git, pipelines, and a context of somebody's cluster."""
    shutil.copytree(ROOT / ".semaphore", project / ".semaphore")
    # Two of Semaphore's files may be the canary pipeline.
    kubeconfigs = {name: f".semaphore/{name}-kubeconfig.yml" for name in ("canary", "stable")}
    lines = (f'{name} = "{path}"\n' for name, path in kubeconfigs.items())
    (project / "canary.toml").write_text(f"[pipeline]\n{''.join(lines)}")
    (project / "kubeconfig").write_text(KUBECONFIG)
    monkeypatch.setenv("KUBECONFIG", str(project / "kubeconfig"))
    into_git(project)
    git(project, "tag", "v1.4")
    (project / "manifests" / "deployment.yml").write_text("kind: Deployment # changed\n")
    return stand_in


@pytest.mark.parametrize("command", WALKS)
def test_a_walk_takes_these_options(
    pytester: pytest.Pytester, released: Entered, command: str
) -> None:
    result = pytester.runpytest_inprocess(*arguments(command))
    assert result.ret == pytest.ExitCode.OK, "\n".join(result.outlines + result.errlines)
    assert set(released()) <= {*STAGES}
    assert "stable" in released()


@pytest.fixture
def examples(pytester: pytest.Pytester) -> Path:
    """A folder with the examples but their tests, and with the app that they release."""
    for name in ("examples", "app"):
        shutil.copytree(
            ROOT / name, pytester.path / name, ignore=shutil.ignore_patterns("test_*.py")
        )
    return pytester.path


@pytest.mark.parametrize(("command", "folder"), EXAMPLE_CHECKS.items(), ids=[*EXAMPLE_CHECKS])
def test_a_walk_of_an_example_takes_these_options(
    pytester: pytest.Pytester,
    examples: Path,
    stand_in: Entered,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    folder: str,
) -> None:
    monkeypatch.chdir(examples / folder)
    walk = command.replace(CHECKED, WALKED)
    result = pytester.runpytest_inprocess(*arguments(walk, {"IMAGE": "shop:1.4"}))
    assert result.ret == pytest.ExitCode.OK, "\n".join(result.outlines + result.errlines)
    assert "stable" in stand_in()


@pytest.mark.parametrize(("command", "folder"), EXAMPLE_CHECKS.items(), ids=[*EXAMPLE_CHECKS])
def test_a_check_of_an_example_is_made(
    pytester: pytest.Pytester,
    examples: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    folder: str,
) -> None:
    monkeypatch.chdir(examples / folder)
    result = pytester.runpytest_subprocess(*arguments(command))
    assert result.ret == pytest.ExitCode.OK, "\n".join(result.outlines + result.errlines)
    result.stdout.fnmatch_lines(["canary: *nothing wrong found in *"])


@pytest.fixture
def addressbook(project: Path) -> Path:
    """The bundled app's project."""
    shutil.rmtree(project / "manifests")
    for name in ("manifests", ".semaphore"):
        shutil.copytree(ROOT / name, project / name)
    shutil.copy(ROOT / "apply.sh", project / "apply.sh")
    shutil.copy(ROOT / "pyproject.toml", project / "pyproject.toml")
    return project


@pytest.mark.parametrize(("command", "words"), CHECKS.items(), ids=[*CHECKS])
def test_a_check_is_made(
    pytester: pytest.Pytester, addressbook: Path, command: str, words: Mapping[str, str]
) -> None:
    result = pytester.runpytest_subprocess(*arguments(command, words))
    assert result.ret == pytest.ExitCode.OK, "\n".join(result.outlines + result.errlines)
    result.stdout.fnmatch_lines(["canary: *nothing wrong found in *"])


def test_the_screen_of_a_check_is_what_the_page_shows(
    pytester: pytest.Pytester, addressbook: Path
) -> None:
    (addressbook / "pyproject.toml").unlink()
    deployment = addressbook / "manifests" / "deployment.yml"
    text = deployment.read_text().replace("readinessProbe", "readynessProbe")
    deployment.write_text(text.replace("name: db-params\n", "name: db-parms\n"))
    service = addressbook / "manifests" / "service.yml"
    service.write_text(service.read_text().replace("targetPort: http", "targetPort: 80"))
    page = (DOCS / "checking-manifests.md").read_text()
    shown = page.split("```console\n$ ")[1].split("```")[0].splitlines()

    result = pytester.runpytest_subprocess(*arguments(shown[0]))

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    patterns = [re.sub(r"\d+\.\d s", "* s", line.replace("[", "[[]")) for line in shown[1:]]
    result.stdout.fnmatch_lines([line if line != "…" else "*" for line in patterns])


@pytest.mark.parametrize(("command", "part"), TARGETS.items(), ids=[*TARGETS])
def test_a_target_of_make_runs_what_it_is_for(command: str, part: str) -> None:
    make, *words = shlex.split(command)
    # Whoever calls these tests by make says how to in the environment.
    own = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    argv = [make, "--dry-run", *words]
    done = subprocess.run(argv, cwd=ROOT, env=own, capture_output=True, text=True, check=True)
    assert part in done.stdout
