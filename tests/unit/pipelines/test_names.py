"""Blocks, jobs, promotions and variables have names of their own; a matrix has an end."""

import pytest
from fakes.pipelines import line_of, with_changes

NODE = '            - {env_var: NODE, values: ["20", "22"]}'
SYSTEM = '            - {env_var: OS, values: "%{{ parameters.OS }}"}'
SIZE = '        - {name: SIZE, options: ["1", "2"], required: true,'
TOKENS = "          oidc_tokens: {PYPI_TOKEN: {aud: pypi}, NPM_TOKEN: {aud: [live, test]}}"


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        (
            "  - name: Preview",
            "    name: Canary\n  - name: Preview",
            "promotions[0].name: is set twice in one table; keep one of the two",
        ),
        (
            "    task_file: report.yml",
            "    task_file: report.yml\n  - {name: Lint, dependencies: [], task_file: report.yml}",
            "blocks[4].name: another block is called Lint; give each its own name",
        ),
        (
            "        - commands: [docker pull image]",
            "        - name: image\n          commands: [docker pull image]",
            "blocks[0].task.jobs[1].name: another job of its block is called image; give each "
            "its own name",
        ),
        (
            SYSTEM,
            NODE,
            "blocks[0].task.jobs[1].matrix[1].env_var: another variable of its matrix is called "
            "NODE; give each its own name",
        ),
        (
            "  - name: Preview",
            "  - name: Canary",
            "promotions[1].name: another promotion is called Canary; give each its own name",
        ),
        (
            SIZE,
            f"        - {{name: SIZE}}\n{SIZE}",
            "promotions[0].parameters.env_vars[1].name: another parameter of its promotion is "
            "called SIZE; give each its own name",
        ),
        (
            SIZE,
            SIZE.replace("required: true", "required: false"),
            "promotions[0].parameters.env_vars[0].default_value: goes without required: false; "
            "leave one of the two out",
        ),
        (
            SYSTEM,
            f"            - {{env_var: OS, values: [{', '.join(['a'] * 51)}]}}",
            "blocks[0].task.jobs[1].matrix: 102 jobs, and 100 at most in one block",
        ),
        (
            SYSTEM,
            "            - {env_var: OS, values: linux}",
            "blocks[0].task.jobs[1].matrix[1].values: an expression %{{…}}, where it is a text, "
            "not 'linux'",
        ),
        (
            TOKENS,
            "          oidc_tokens: {pypi: {aud: pypi}}",
            "blocks[0].task.jobs[0].oidc_tokens.pypi: a variable's name in capitals, digits and _",
        ),
        (
            TOKENS,
            "          oidc_tokens: {SEMAPHORE_OIDC_TOKEN: {aud: pypi}}",
            "blocks[0].task.jobs[0].oidc_tokens.SEMAPHORE_OIDC_TOKEN: Semaphore sets it itself; "
            "choose another name",
        ),
        (
            TOKENS,
            "          oidc_tokens: {PYPI_TOKEN: {aud: []}}",
            "blocks[0].task.jobs[0].oidc_tokens.PYPI_TOKEN.aud: must not be empty",
        ),
    ],
)
def test_what_is_called_as_another_is_told(old: str, new: str, mistake: str) -> None:
    (found,) = with_changes((old, new)).mistakes
    where, told = found.split(": ", 1)
    assert told == mistake
    assert abs(int(where.removeprefix("ci.yml:")) - line_of(old)) <= 2


def test_a_matrix_may_make_a_hundred_jobs_and_its_rest_be_computed() -> None:
    fifty = f"            - {{env_var: OS, values: [{', '.join(['a'] * 50)}]}}"
    assert with_changes((SYSTEM, fifty)).mistakes == ()


def test_jobs_of_two_blocks_may_share_a_name_and_jobs_may_have_none() -> None:
    old = "        - {commands_file: tests.sh, parallelism: 4}"
    same = "        - {name: image, commands: [date]}\n        - {commands: [date]}"
    assert with_changes((old, f"{same}\n        - {{commands: [date]}}")).mistakes == ()
