"""A project with one broken manifest, and that a check fails on it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from fakes.folders import FIXTURES
from fakes.world import World
from fakes.world_settings import JOB
from unit.stages.failing import Cases, Sabotage

from pytest_canary.preflight import ruleset

CASES = Cases("preflight")
BROKEN = FIXTURES / "manifests"


def has(path: str) -> Sabotage:
    """A project whose one manifest is this of fixtures/manifests, and the other a healthy one."""
    kind, name = path.split("/")

    def sabotage(world: World) -> None:
        files = {each: BROKEN / each / "healthy.yml" for each in ("deployment", "service")}
        files[kind] = BROKEN / kind / f"{name}.yml"
        own: dict[str, Any] = {each: world.folder / f"{each}.yml" for each in files}
        for each, file in files.items():
            own[each].write_text(file.read_text())
        plan = world.rehearsal.plan
        settings = plan.settings.model_copy(
            update={
                "files": replace(plan.settings.files, **own),
                "name": "shop",
                "service_name": "shop-lb",
            }
        )
        world.rehearsal.workspace.plan = replace(plan, settings=settings)

    sabotage.__name__ = path.replace("/", " ")
    return sabotage


def fails(check: Callable[..., None], path: str, *words: str) -> None:
    """Declare that a check fails on a broken manifest, where it says so, with these words.

    What is a warning by itself is an error by its settings.
    """
    kind, name = path.split("/")
    rule = name.split(".")[0]
    warns = ruleset.levels()[rule] != "error"
    table: dict[str, Any] = {"findings": {rule: {"level": "error"}}} if warns else {}
    if kind == "job":
        table |= JOB
    lines = (BROKEN / f"{path}.yml").read_text().splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if "# here" in text)
    evidence = (f"seen    {kind}.yml:{line}, rule {rule}", "next    ")
    CASES.fails(check, *words, evidence=evidence, before=True, table=table)(has(path))
