"""Pipelines in a folder, as a project has them."""

from pathlib import Path

from pytest_canary.pipelines.workflow import Workflow, read_workflow

HEAD = """version: v1.0
name: {name}
agent: {{machine: {{type: {machine}}}}}
"""


def pipeline(
    *commands: str,
    name: str = "Shop",
    machine: str = "e1-standard-2",
    job: str = "",
    more: str = "",
) -> str:
    """The text of a pipeline whose one job runs these commands.

    Args:
        commands: each on a line of its own, from line 8 on.
        name: the pipeline's.
        machine: the type of its machine.
        job: keys of the job, or of its task, from column 9 or 7 on; each on a line of its own.
        more: keys of the pipeline, a line each.
    """
    listed = "".join(f"            - |\n              {each}\n" for each in commands or ["date"])
    task = f"blocks:\n  - task:\n{job}      jobs:\n        - commands:\n{listed}"
    return HEAD.format(name=name, machine=machine) + task + more


def promotion(name: str, file: str, when: str = "", more: str = "") -> str:
    """An entry of a pipeline's promotions."""
    condition = f', auto_promote: {{when: "{when}"}}' if when else ""
    return f"  - {{name: {name}, pipeline_file: {file}{condition}{more}}}\n"


def written(folder: Path, **texts: str) -> Workflow:
    """Write pipelines, the first under its name, and read what that leads to."""
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text)
    return read_workflow(folder / f"{next(iter(texts))}.yml", folder)
