"""Variables that jobs of GitHub's and GitLab's use and nothing provides, with their lines."""

from collections.abc import Collection
from pathlib import Path
from textwrap import dedent

import pytest

from pytest_canary.manifests.documents import Source
from pytest_canary.pipelines.uses import Program
from pytest_canary.pipelines.variables import Provided
from pytest_canary.services.reading import RunInputs
from pytest_canary.services.runnable import faults_of

GITHUB, GITLAB = ".github/workflows/release.yml", ".gitlab-ci.yml"

HEAD = """\
on: {push: {}, workflow_dispatch: {inputs: {size: {default: small}}}}
env: {SHARED: one}
jobs:
  build:
    runs-on: ubuntu-latest
    outputs: {name: it}
    steps: [{run: make}]
  it:
    needs: build
    runs-on: ubuntu-latest
    env: {OWN: two}
    steps:
"""


def found(
    shown: str,
    text: str,
    secrets: Collection[str] = ("TOKEN",),
    programs: Collection[Program] = (),
) -> list[str]:
    """What is told of a file, each with its line and its rule."""
    described = {"project": secrets} if secrets else {}
    provided = Provided(described, ("MACHINES",), programs)
    faults = faults_of(Source(Path(shown), shown, text), RunInputs(), provided)
    return [f"{each.line} {each.rule}: {each.sentence}; {each.fix}" for each in faults]


def steps(text: str) -> str:
    """A workflow with these steps, the first of which begins in line 13."""
    return HEAD + "".join(f"      {line}\n" for line in dedent(text).splitlines())


def names(told: list[str]) -> list[str]:
    """The variables alone."""
    return [each.split(": ", 1)[1].split(" has no value")[0] for each in told]


def test_a_step_is_told_with_its_line_and_what_was_meant() -> None:
    text = steps("""\
        - run: |
            echo "$OWN $SHARED $GITHUB_SHA $RUNNER_TEMP $HOME $MACHINES"
            docker login -u "$DOCKRE_USER"
          env: {DOCKER_USER: me}
        """)
    assert found(GITHUB, text) == [
        "15 unprovided-variable: $DOCKRE_USER has no value: no env, GITHUB_ENV or command of its "
        "step gives it one; did you mean DOCKER_USER?"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # Each step is a process of its own, and what GITHUB_ENV was given comes behind it.
        ("- run: X=1\n- run: echo $X", ["$X"]),
        ("- run: export X=1; echo $X", []),
        ("- run: echo X=1 >>$GITHUB_ENV\n- run: echo $X", []),
        ("- run: echo $X; echo X=1 >>$GITHUB_ENV", ["$X"]),
        ("- run: ./make-env >>$GITHUB_ENV\n- run: echo $X", []),
        ('- run: echo "X<<END" >>$GITHUB_ENV\n- run: echo $X', []),
        # What the shell itself sets, does without, or may have from elsewhere.
        ("- run: for each in a b; do echo $each; done", []),
        ("- run: read -r line; echo $line ${X:-} ${Y:=2} $Y", []),
        ("- run: '[ -z \"$X\" ] || echo $X'", []),
        ("- run: . ./variables; echo $X", []),
        ("- run: echo '$X' \\$X", []),
        ("- {shell: python, run: print('$X')}", []),
        ("- {shell: bash, run: echo $X}", ["$X"]),
        # GitHub hands its token to nobody by itself.
        ("- run: echo $GITHUB_TOKEN", ["$GITHUB_TOKEN"]),
        ("- run: echo $GITHUB_REF_NAM", ["$GITHUB_REF_NAM"]),
        ("- {run: echo $GITHUB_TOKEN, env: {GITHUB_TOKEN: '${{ secrets.GITHUB_TOKEN }}'}}", []),
        # An action may set what it likes; of some is known what.
        ("- uses: aws-actions/configure-aws-credentials@v4\n- run: echo $AWS_REGION $X", ["$X"]),
        # Expressions.
        ("- run: echo ${{ secrets.TOKEN }} ${{ env.OWN }} ${{ inputs.size }}", []),
        ("- run: echo ${{ secrets.TOKNE }}", ["secrets.TOKNE"]),
        ("- run: echo ${{ vars.MACHINES }} ${{ vars.X }}", ["vars.X"]),
        ("- run: echo ${{ vars.X || 'one' }}", []),
        ("- {if: vars.X == 'y', run: make}", []),
        ("- run: echo ${{ env.X }}", ["env.X"]),
        ("- run: echo ${{ env.GITHUB_SHA }}", []),
        ("- run: echo ${{ inputs.sise }}", ["inputs.sise"]),
        ("- run: echo ${{ needs.build.outputs.name }} ${{ needs.build.result }}", []),
        ("- run: echo ${{ needs.build.outputs.tag }}", ["needs.build.outputs.tag"]),
        ("- run: echo ${{ needs.other.outputs.tag }}", ["needs.other.outputs.tag"]),
        (
            "- {id: a, run: 'echo x=1 >>$GITHUB_OUTPUT'}\n"
            "- run: echo ${{ steps.a.outputs.x }} ${{ steps.a.outputs.y }}\n"
            "- run: echo ${{ steps.b.outputs.x }}",
            ["steps.a.outputs.y", "steps.b.outputs.x"],
        ),
        ("- {id: a, run: ./tell}\n- run: echo ${{ steps.a.outputs.x }}", []),
        ("- run: echo ${{ format('secrets.NONE') }}", []),
    ],
)
def test_what_steps_use(text: str, told: list[str]) -> None:
    assert names(found(GITHUB, steps(text))) == told


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("runs-on: ubuntu-latest\n    env", "runs-on: [self-hosted]\n    env"),
        ("runs-on: ubuntu-latest\n    env", "runs-on: ubuntu-latest\n    container: node\n    env"),
    ],
)
def test_a_machine_of_ones_own_may_have_any(old: str, new: str) -> None:
    assert names(found(GITHUB, steps("- run: echo $X"))) == ["$X"]
    assert found(GITHUB, steps("- run: echo $X").replace(old, new)) == []


def test_an_environment_may_have_secrets_of_its_own() -> None:
    text = steps("- run: echo ${{ secrets.X }} ${{ vars.X }}")
    assert names(found(GITHUB, text)) == ["secrets.X", "vars.X"]
    assert (
        found(GITHUB, text.replace("    needs:", "    environment: production\n    needs:")) == []
    )


def test_an_undescribed_secret_is_told_as_such() -> None:
    (told,) = found(GITHUB, steps("- run: echo ${{ secrets.KEY }}"))
    assert told == (
        "13 undescribed-secret: secrets.KEY has no value: nothing provides it; name it in "
        "[pipeline.secrets], without its value"
    )


def test_what_a_program_reads_by_itself_is_needed_too() -> None:
    programs = (Program("apply.sh", "deployment.yml", ("PORT",)),)
    text = steps("- run: ./apply.sh deployment.yml")
    assert names(found(GITHUB, text, programs=programs)) == ["$PORT, which apply.sh reads,"]
    lab = "it: {script: [./apply.sh deployment.yml]}\n"
    assert names(found(GITLAB, lab, programs=programs)) == ["$PORT, which apply.sh reads,"]


def test_a_job_of_gitlabs_is_told_with_its_line() -> None:
    text = """\
variables: {IMAGE: shop}
.base:
  before_script:
    - docker login -p "$TOKNE"
it:
  extends: .base
  variables: {OWN: two}
  script:
    - echo $OWN $IMAGE $CI_COMMIT_SHA $CI_MERGE_REQUEST_LABELS $MACHINES $CI_REGISTRY
    - export X=1
    - echo $X $CI_COMIT_SHA
  after_script: [echo $X]
"""
    gives = "no variables, dotenv report, described secret or command before it gives it one"
    assert found(GITLAB, text) == [
        f"4 unprovided-variable: $TOKNE has no value: {gives}; did you mean TOKEN?",
        f"11 unprovided-variable: $CI_COMIT_SHA has no value: {gives}; did you mean CI_COMMIT_SHA?",
        f"12 unprovided-variable: $X has no value: {gives}; set it in variables; where the project "
        "or group has it, name it in [pipeline.secrets], where the machine has, in "
        "pipeline.variables",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("it: {script: [echo $X], rules: [{if: $CI, variables: {X: 1}}]}", []),
        ("workflow: {rules: [{variables: {X: 1}}]}\nit: {script: [echo $X]}", []),
        ("default: {before_script: [X=1]}\nit: {script: [echo $X]}", []),
        ("it: {id_tokens: {X: {aud: a}}, script: [echo $X]}", []),
        ("it: {script: ['for x in a; do echo $x; done', 'echo ${Y:-} $FF_X']}", []),
        ("it: {script: [source ./it, echo $X]}", []),
        (
            "a: {script: [echo X=1 >it.env], artifacts: {reports: {dotenv: it.env}}}\n"
            "it: {script: [echo $X $Y]}",
            ["$Y"],
        ),
        (
            "a: {script: [./make-env], artifacts: {reports: {dotenv: it.env}}}\n"
            "it: {script: [echo $X]}",
            [],
        ),
        ("it: {script: [echo $X]}", ["$X"]),
        ("it: {script: [echo $CI_ANYTHING_OF_TOMORROW]}", []),
    ],
)
def test_what_jobs_use(text: str, told: list[str]) -> None:
    assert names(found(GITLAB, text)) == told


def test_where_nothing_is_described_it_is_told_once_that_nobody_says() -> None:
    text = "a: {script: [echo $X]}\nb: {script: [echo $X $Y]}\n"
    assert found(GITLAB, text, secrets=()) == [
        "1 undescribed-secret: nothing says which variables the project has, so that what jobs "
        "lack can't be told: the file itself gives no value to $X, $Y; name those that the project "
        "or group has, without their values, in [pipeline.secrets.project]"
    ]


def test_of_files_that_are_included_nothing_is_known() -> None:
    wanted = RunInputs(jobs=("it",))
    text = "include: [{local: other.yml}]\nit: {script: [echo $X]}\n"
    source = Source(Path(GITLAB), GITLAB, text)
    assert faults_of(source, wanted, Provided({"project": ("A",)})) == []
