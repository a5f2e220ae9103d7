"""The static check, on the healthy manifests of fixtures/manifests with some edits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fakes.folders import FIXTURES, ROOT
from fakes.manifest_sets import planned
from fakes.repository import into_git

from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline, find_baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.context.inspecting import inspection_of
from pytest_canary.core.processes import Processes
from pytest_canary.preflight import groups
from pytest_canary.preflight.groups import Group
from pytest_canary.preflight.inspection import Inspection
from pytest_canary.preflight.subject import Node

BROKEN = FIXTURES / "manifests"
FAULTS = sorted(path for path in BROKEN.glob("*/*.yml") if path.stem != "healthy")
NODE = Node(cpus=4, memory=8 * 2**30)
KIND = Options(node_image="kindest/node:v1.35.4")
ELSEWHERE = Options(context="prod", registry="registry.invalid/team")
CHANGES = sorted(path for path in (FIXTURES / "changes").iterdir() if path.is_dir())
NOTHING = Baseline("none", "", "")
GROUPS = [each for each in vars(groups).values() if isinstance(each, Group)]

Edit = tuple[str, str]
Inspect = Callable[..., Inspection]


def healthy(kind: str) -> str:
    """The healthy "deployment", "service" or "job"."""
    return (BROKEN / kind / "healthy.yml").read_text()


def inspected(
    folder: Path,
    *edits: Edit,
    deployment: str | None = None,
    service: str | None = None,
    job: str | None = None,
    apply: str | None = None,
    options: Options = KIND,
    node: Node = NODE,
    **table: Any,
) -> Inspection:
    """Inspect the healthy manifests with some edits, or others.

    Args:
        folder: the project, which is written there.
        edits: what is replaced, in whichever manifest has it, and by what.
        deployment: another template.
        service: another Service.
        job: a Job that migrates; none where there is none.
        apply: another apply script.
        options: those of the command line.
        node: what the cluster runs on.
        table: settings.
    """
    texts = {
        "deployment": deployment or healthy("deployment"),
        "service": service or healthy("service"),
    }
    for old, new in edits:
        found = [kind for kind, text in texts.items() if old in text]
        assert found, old
        texts = {kind: text.replace(old, new) for kind, text in texts.items()}
    if job is not None:
        texts["job"] = job
        table.setdefault("migration", {"job": "manifests/job.yml"})
    (folder / "manifests").mkdir(parents=True, exist_ok=True)
    for kind, text in texts.items():
        (folder / "manifests" / f"{kind}.yml").write_text(text)
    (folder / "apply.sh").write_text(apply or (ROOT / "apply.sh").read_text())
    (folder / "Dockerfile").touch()
    found_settings = settings_file.check({"name": "shop"} | table, folder, "canary.toml")
    live = find_baseline(found_settings, options) if "baseline" in table else NOTHING
    plan = Plan(found_settings, options, live)
    return inspection_of(plan, folder, Processes(), node)


def found_in(root: Path, **table: Any) -> Inspection:
    """What is found in a project as it stands, with these settings."""
    return inspection_of(planned(root, **table), root, Processes(), NODE)


def codes(found: Inspection) -> list[str]:
    """The rules of its findings."""
    return [finding.code for finding in found.findings]


def before_and_after(folder: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What the live version's manifests are in a folder of fixtures/changes, and this version's."""

    def texts(prefix: str) -> dict[str, str]:
        own = {kind: folder / f"{prefix}{kind}.yml" for kind in ("deployment", "service")}
        return {kind: path.read_text() for kind, path in own.items() if path.exists()}

    return texts("live."), texts("")


def here(folder: Path) -> tuple[str, int, str]:
    """The file of such a folder that is told of, the line that says so, and its number before."""
    for path in folder.glob("*.yml"):
        for number, line in enumerate(path.read_text().splitlines(), start=1):
            if "# here" in line:
                return path.name, number, line
    raise AssertionError(folder)


def compared(folder: Path, live: dict[str, Any], made: dict[str, Any], **more: Any) -> Inspection:
    """Inspect manifests where others are in git, tagged v1.

    Args:
        folder: the project, which becomes a repository.
        live: the texts that are tagged: "deployment", "service", "apply"; healthy ones for others.
        made: the texts that are there now; likewise.
        more: what else `inspected` takes.
    """
    inspected(folder, **live)
    into_git(folder, "v1")
    return inspected(folder, **made, baseline="git:v1", **more)
