"""Where the candidate changes what can't be changed, or what somebody counts on."""

from collections.abc import Callable
from dataclasses import replace

from fakes.folders import FIXTURES
from fakes.preflight import before_and_after, compared, here
from fakes.repository import OWN as CLEAN
from fakes.world import World
from unit.stages.failing.preflight.cases import CASES

from pytest_canary.config import settings_file
from pytest_canary.config.baseline import find_baseline
from pytest_canary.config.options import Options
from pytest_canary.preflight import ruleset
from pytest_canary.stages import preflight


def changes(check: Callable[..., None], name: str, *words: str) -> None:
    """Declare that a check fails on a change of fixtures/changes, with these words."""
    folder = FIXTURES / "changes" / name
    rule = name.split(".")[0]

    def sabotage(world: World) -> None:
        project = world.folder / "project"
        for each in CLEAN:
            world.patch.setenv(each, CLEAN[each])
        inspected = compared(project, *before_and_after(folder))
        assert inspected.findings
        settings = settings_file.check(
            {"name": "shop", "baseline": "git:v1", **table}, project, "canary.toml"
        )
        plan = world.rehearsal.plan
        baseline = find_baseline(settings, Options())
        world.rehearsal.workspace.plan = replace(plan, settings=settings, baseline=baseline)

    sabotage.__name__ = name
    warns = ruleset.levels()[rule] != "error"
    table = {"findings": {rule: {"level": "error"}}} if warns else {}
    own = {"revision": True, **table}
    file, line, _ = here(folder)
    shown = (
        f"v1:project/manifests/{file[5:]}" if file[:5] == "live." else f"project/manifests/{file}"
    )
    evidence = (f"seen    {shown}:{line}, rule {rule}", "next    ")
    CASES.fails(check, *words, evidence=evidence, before=True, table=own)(sabotage)


changes(
    preflight.fields_can_change,
    "immutable-field",
    "spec.selector of Deployment shop-stable can't be changed on a live object: git:v1 has app: "
    "shop, deployment: shop-stable, and this version app: shop, deployment: shop-stable, tier: web",
)
changes(
    preflight.fields_can_change,
    "immutable-field.job",
    "spec.template.spec.containers[0].image of Job shop-migrate can't be changed on a live object",
)
changes(
    preflight.nothing_is_left,
    "left-object",
    "git:v1 makes HorizontalPodAutoscaler shop, and this version doesn't: it stays on the "
    "cluster, as `kubectl apply` deletes nothing, and it goes on scaling what it names",
)
changes(
    preflight.settings_are_shared,
    "taken-key",
    "key banner of ConfigMap features is gone with this version, and pods of git:v1 need it",
)
changes(
    preflight.settings_are_shared,
    "unshared-key",
    "this version takes key DB_SSL of Secret db-params, which git:v1 does not",
)
changes(
    preflight.settings_are_shared,
    "unshared-variable",
    "container shop is given SMTP_HOST, which git:v1 is not",
)
changes(
    preflight.both_are_served,
    "unserved-version",
    "Service shop-lb of this version selects no pod of git:v1: it looks for tier: web, and they "
    "have tier: nothing; they get no request from then on",
)
changes(
    preflight.both_are_served,
    "moved-address",
    "Service shop-lb has no port 80 any more, by which clients reach git:v1",
)
changes(
    preflight.both_are_served,
    "changed-port",
    "port 3000 is called web, and http in git:v1",
)
changes(
    preflight.both_are_served,
    "changed-probe",
    "the readinessProbe of container shop asks GET /health of port 3000, and GET /ready of port "
    "3000 in git:v1",
)
changes(
    preflight.requests_fit,
    "request-beyond-both",
    "3 pods of git:v1 and 2 of this version request 12288192Mi of memory together, and the node "
    "has ",
)
