"""A chart that says what both tracks run, by a program in Helm's place.

`tests/acceptance/engine/test_helm.py` has the real one.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.helm import asked, put_hook
from fakes.helm import root as root
from fakes.manifest_sets import planned

from pytest_canary.config.options import Options
from pytest_canary.context.inspecting import inspection_of
from pytest_canary.core.errors import SettingsError
from pytest_canary.core.processes import Processes
from pytest_canary.manifests.rendered import Given
from pytest_canary.rendering.helm import HelmChart
from pytest_canary.rendering.renderers import renderer_of

CANARY = Given("shop-canary", 1, "team/shop:2", {})
STABLE = Given("shop-stable", 3, "team/shop:1", {})
TWO = {"path": "chart", "releases": 2}


def of(root: Path, **manifests: Any) -> HelmChart:
    """The project's renderer."""
    table: dict[str, Any] = {}
    if manifests:
        table["manifests"] = {"path": "chart"} | manifests
    found = renderer_of(planned(root, **table), root)
    assert isinstance(found, HelmChart)
    return found


def typed(command: Any) -> str:
    """A command as one types it."""
    return " ".join(map(str, command.words)).replace("--set-json ", "")


def test_a_chart_is_recognised_and_names_the_app_and_its_service(root: Path) -> None:
    settings = planned(root).settings
    assert settings.files.renderer == "helm"
    assert (settings.name, settings.service_name) == ("shop", "front")
    assert planned(root, name="store").settings.service_name == "store-lb"


def test_each_track_is_made_by_the_chart_itself(root: Path) -> None:
    (made,) = of(root).render(CANARY).parsed.documents
    assert (made.name, made.at("spec", "replicas")) == ("shop-canary", 1)
    assert made.at("spec", "template", "spec", "containers", 0, "image") == "team/shop:2"
    line = made.line("spec", "replicas")
    assert made.source.where(line) == "chart/templates/web.yaml:7"
    assert made.source.line(line) == "  replicas: {{ .replicas }}"
    (service,) = of(root).shared_objects("team/shop:2").documents
    assert (service.name, service.at("metadata", "namespace")) == ("front", None)
    assert service.source.shown == "chart/templates/service.yaml"
    assert of(root).pull_secrets() == {"registry"}


def test_with_one_release_each_change_knows_of_the_other_track(root: Path) -> None:
    renderer = of(root, values="chart/Chart.yaml")
    command = renderer.apply(CANARY, STABLE)
    assert (command.program, command.named) == (Path("helm"), True)
    assert typed(command) == (
        f"upgrade shop {root}/chart --install --values {root}/chart/Chart.yaml "
        'canary.image="team/shop:2" canary.replicas=1 stable.image="team/shop:1" stable.replicas=3'
    )
    alone = typed(renderer.apply(STABLE))
    assert 'canary.image="team/shop:1" canary.replicas=0' in alone
    assert "canary.replicas=0 " in typed(renderer.delete(CANARY, STABLE))
    assert [typed(each) for each in renderer.roll_back(7, canary=True)] == ["rollback shop 7"]
    assert typed(renderer.revision()) == (
        "list --deployed --failed --pending --output=json --filter=^shop$"
    )


def test_with_two_releases_each_track_is_its_own(root: Path) -> None:
    renderer = of(root, **TWO)
    assert typed(renderer.apply(CANARY, STABLE)) == (
        f'upgrade shop-canary {root}/chart --install fullnameOverride="shop-canary" '
        'image.repository="team/shop" image.tag="2" replicaCount=1'
    )
    assert typed(renderer.delete(CANARY, STABLE)) == "uninstall shop-canary"
    assert [typed(each) for each in renderer.roll_back(7, canary=True)] == [
        "rollback shop-stable 7",
        "uninstall shop-canary",
    ]
    assert [typed(each) for each in renderer.roll_back(7, canary=False)] == [
        "rollback shop-stable 7"
    ]
    assert typed(renderer.revision()).endswith("--filter=^shop-stable$")


def test_other_values_are_set_where_the_settings_say_so(root: Path) -> None:
    own = {
        "web.image": "{stable.repository}:{stable.tag}",
        "next.count": "{canary.replicas}",
        "metrics": False,
    }
    assert typed(of(root, set=own).apply(CANARY, STABLE)).endswith(
        'web.image="team/shop:1" next.count=1 metrics=false'
    )
    service = {"service.enabled": "{stable}"}
    assert typed(of(root, set=service, **TWO).apply(CANARY)).endswith("service.enabled=false")
    assert typed(of(root, set=service, **TWO).apply(STABLE)).endswith("service.enabled=true")


def test_versions_differ_by_their_charts(root: Path) -> None:
    first = of(root).fingerprint()
    assert of(root).fingerprint() == first
    (root / "chart" / "values.yaml").write_text("a: b\n")
    assert of(root).fingerprint() != first


def test_a_chart_of_which_all_is_right_has_no_finding(root: Path) -> None:
    inspection = inspection_of(planned(root), root, Processes())
    assert [each.code for each in inspection.findings] == []
    assert "Deployment.v1.apps/shop-canary" in inspection.objects


def test_a_chart_that_takes_other_values_is_told(root: Path) -> None:
    plan = planned(root, manifests={"path": "chart", "set": {"image": "{stable.image}"}})
    told = [
        f"{each.code}: {each.sentence}; {each.next}"
        for each in inspection_of(plan, root, Processes()).findings
    ]
    assert told[0] == (
        "no-deployment: chart/Chart.yaml makes no Deployment shop-canary; let the chart make it "
        "where canary.replicas is set, or say by which values it does: [manifests.set]"
    )
    made = root / "bin" / "made"
    several = made.read_text()
    made.write_text(several.replace("shop-TRACK", "shop"))
    for each in inspection_of(planned(root), root, Processes()).findings[:2]:
        assert each.sentence.endswith(", but shop, shop")
        assert each.next.endswith("; for one that makes a single Deployment there is releases = 2")
    made.write_text(several)
    made.write_text(made.read_text().replace("REPLICAS", "5").replace("IMAGE", "team/shop:9"))
    advice = "let the chart take it from the value that [manifests.set] names for it"
    found = inspection_of(planned(root), root, Processes()).findings
    assert [(each.code, each.next) for each in found] == [
        ("wrong-image", advice),
        ("wrong-replicas", advice),
    ]
    assert found[0].where == "chart/templates/web.yaml:7"


def test_what_helm_says_is_told(root: Path) -> None:
    helm = root / "bin" / "helm"
    helm.write_text("#!/bin/sh\necho 'Error: parse error at (web.yaml:3)' >&2\nexit 1\n")
    with pytest.raises(SettingsError) as wrong:
        planned(root)
    sentence = (
        "chart can't be rendered: `helm template shop` exited with code 1: parse error at "
        "(web.yaml:3); see `helm template chart`"
    )
    assert str(wrong.value) == f"canary.toml: {sentence}"
    helm.unlink()
    with pytest.raises(SettingsError, match="helm is not on PATH; install Helm"):
        planned(root)


@pytest.mark.parametrize(
    ("manifests", "told"),
    [
        (
            {"set": {"a": "{imgae}"}},
            "manifests.set.a = '{imgae}': there is no {imgae}; there are canary.image",
        ),
        ({"values": "no.yaml"}, "manifests.values = 'no.yaml': there is no file"),
        ({"releases": 3}, "manifests.releases = 3: one of 1 or 2"),
        ({"path": "bin", "renderer": "helm"}, "is no folder with a Chart.yaml"),
        ({"path": "bin", "releases": 2}, 'manifests.releases = 2: goes with renderer "helm"'),
    ],
)
def test_settings_that_do_not_fit_are_told(
    root: Path, manifests: dict[str, Any], told: str
) -> None:
    with pytest.raises(SettingsError) as wrong:
        of(root, **manifests)
    assert told in str(wrong.value)


def test_in_others_clusters_no_chart_is_walked(root: Path) -> None:
    with pytest.raises(SettingsError, match="--canary-context=prod: what Helm makes can't be told"):
        planned(root, options=Options(context="prod", baseline="none"))


def test_it_is_asked_for_nothing_twice(root: Path) -> None:
    renderer = of(root)
    before = len(asked(root))
    for _ in range(3):
        renderer.render(CANARY)
        renderer.shared_objects("team/shop:2")
    assert len(asked(root)) == before + 1


def test_without_a_canary_a_chart_is_set_as_helm_create_has_it(root: Path) -> None:
    """Unless it has both tracks."""
    table: dict[str, Any] = {"replicas": {"canary": 0}, "commands": {"migrate": []}}

    def upgrade() -> str:
        renderer = renderer_of(planned(root, **table), root)
        return typed(renderer.apply(STABLE))

    assert upgrade() == (
        f'upgrade shop {root}/chart --install fullnameOverride="shop-stable" '
        'image.repository="team/shop" image.tag="1" replicaCount=3'
    )
    (root / "chart" / "values.yaml").write_text("stable:\n  replicas: 3\n")
    assert "stable.replicas=3" in upgrade()
    assert "canary.replicas=0" in upgrade()


def told(root: Path, **table: Any) -> list[str]:
    """What a check finds of the migration."""
    findings = inspection_of(planned(root, **table), root, Processes()).findings
    return [f"{each.code}: {each.sentence}; {each.next}" for each in findings]


def test_a_hook_that_migrates_is_known_and_told(root: Path) -> None:
    put_hook(root)
    found = planned(root)
    migration = found.settings.migration
    assert (migration.way, migration.hook, migration.known) == ("hook", "shop-migrate", True)
    assert found.migrates_along
    (job,) = of(root).jobs(CANARY)
    assert job.at("spec", "template", "spec", "containers", 0, "image") == "team/shop:2"
    inspection = inspection_of(found, root, Processes())
    assert not inspection.findings
    assert "Helm runs Job shop-migrate to migrate, at each `helm upgrade`" in inspection.notes
    assert replace(of(root), releases=2).notes() == [
        "Helm runs Job shop-migrate to migrate, at each `helm upgrade` of either release"
    ]


def test_what_no_version_comes_with_is_none(root: Path) -> None:
    """A chart's test, and a Job that is applied with the rest."""
    put_hook(root, phases="test")
    assert planned(root).settings.migration.way == "exec"


def test_one_of_several_hooks_is_named(root: Path) -> None:
    put_hook(root, "shop-1-schema", command="up")
    put_hook(root, "shop-check", command="check")
    assert planned(root).settings.migration.way == "exec"
    named: dict[str, Any] = {"migration": {"hook": "shop-2-schema"}}
    (job,) = renderer_of(planned(root, **named), root).jobs(CANARY)
    assert job.name == "shop-1-schema", "whatever the revision in its name"
    assert told(root, migration={"by": "hook"}) == [
        "no-migration: the chart has 2 Jobs that Helm runs at an install or an upgrade, where one "
        "is to migrate; name the one that does in migration.hook"
    ]
    assert told(root, migration={"hook": "shop-schema"}) == [
        "no-migration: the chart has 0 Jobs called shop-schema that Helm runs at an install or an "
        "upgrade, where one is to migrate; name the one that does in migration.hook"
    ]


def test_a_hook_that_an_install_leaves_out_is_told(root: Path) -> None:
    put_hook(root, phases="pre-upgrade")
    assert told(root) == [
        "no-migration: Job shop-migrate is a hook of pre-upgrade, so that no install migrates; let "
        "helm.sh/hook be pre-install,pre-upgrade"
    ]
