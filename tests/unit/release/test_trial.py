"""What is tried out of a version before it is applied, and what is not."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes.folders import BUNDLED_TEMPLATE, ROOT
from fakes.manifest_sets import DEPLOYMENT, SERVICE, planned, project
from fakes.world import NewWorld, World
from fakes.world_settings import NO_CANARY

from pytest_canary.core.errors import NotApplicable
from pytest_canary.diagnosis.refusals import refused_object
from pytest_canary.k8s.dry_run import NO_MATCH, Refusal
from pytest_canary.release.trial import Trial
from pytest_canary.rendering.renderers import renderer_of

TEMPLATE = BUNDLED_TEMPLATE.read_text()
APPLY = (ROOT / "apply.sh").read_text()
KIND = """---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: queues.shop.invalid}
spec: {names: {kind: Queue}}
"""
QUEUE = "---\napiVersion: shop.invalid/v1\nkind: Queue\nmetadata: {name: mail}\n"
HOOK = """---
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {helm.sh/hook: pre-upgrade}}
"""


@pytest.fixture
def world(new_world: NewWorld) -> World:
    return new_world().enter("baseline")


def tried(world: World, folder: Path, template: str = TEMPLATE, apply: str = APPLY) -> Trial:
    """Try the candidate out with another template or script."""
    (folder / "template.yml").write_text(template)
    (folder / "fills.sh").write_text(apply)
    version: Any = world.context.candidate
    paths = {"deployment": folder / "template.yml", "apply_path": folder / "fills.sh"}
    changed = replace(version, renderer=replace(version.renderer, **paths))
    world.namespace.tried.clear()
    return world.context.release.try_out(changed)


def test_every_object_is_tried_once_in_the_order_in_which_it_is_applied(
    world: World, tmp_path: Path
) -> None:
    found = tried(world, tmp_path, TEMPLATE + QUEUE)
    assert world.namespace.tried == [
        "Service addressbook-lb",
        "Deployment addressbook-canary",
        "Queue mail",
        "Deployment addressbook-stable",
    ]
    assert (found.tried, found.refused, found.untried, found.note) == (4, [], [], "")


def test_what_a_tool_makes_is_tried_out_as_it_would_be_applied(
    world: World, tmp_path: Path
) -> None:
    named = DEPLOYMENT.replace("name: shop\nspec", "name: addressbook\nspec")
    root = project(tmp_path / "shop", SERVICE, named)
    renderer = renderer_of(planned(root), root)
    world.namespace.tried.clear()
    world.namespace.refuses["Deployment addressbook-stable"] = Refusal(
        "Invalid", "field is immutable", (("spec.selector", "field is immutable"),)
    )
    trial = world.context.release.try_out(replace(world.context.candidate, renderer=renderer))
    assert world.namespace.tried == [
        "Service shop",
        "Deployment addressbook-canary",
        "Deployment addressbook-stable",
    ]
    (found,) = trial.refused
    assert found.where == "k8s/all.yml:17"
    assert found.file == root / "k8s" / "all.yml"
    assert trial.untried == []


def test_it_is_tried_out_with_the_candidates_own_image(world: World, tmp_path: Path) -> None:
    bodies: list[Any] = []
    world.patch.setattr(world.namespace, "dry_apply", bodies.append)
    tried(world, tmp_path)
    (container,) = bodies[1]["spec"]["template"]["spec"]["containers"]
    assert container["image"] == world.context.candidate.image
    assert [each["spec"].get("replicas") for each in bodies] == [None, 1, 3]


@pytest.mark.parametrize(
    ("refusal", "words", "way"),
    [
        (
            Refusal(NO_MATCH, 'no matches for kind "Queue" in version "shop.invalid/v1"'),
            'of the candidate over what is live: no matches for kind "Queue" in version',
            "write the kind and apiVersion that the cluster has, or have its CRD applied before",
        ),
        (
            Refusal("Invalid", "x", (("spec.size", "Invalid value: 3: may not shrink"), ("", "?"))),
            "spec.size: may not shrink",
            "put right what is named there",
        ),
        (
            Refusal("Forbidden", "exceeded quota: few"),
            "exceeded quota: few",
            "do what is asked for there; or ask who runs the cluster",
        ),
        (
            Refusal("Invalid", "spec.clusterIPs[0]: may not change once set", ()),
            "may not change once set",
            "leave the field as the live object has it",
        ),
    ],
)
def test_what_is_refused_is_told_with_what_to_do(
    world: World, tmp_path: Path, refusal: Refusal, words: str, way: str
) -> None:
    world.namespace.refuses["Queue mail"] = refusal
    (found,) = tried(world, tmp_path, TEMPLATE + QUEUE).refused
    assert found.sentence.startswith("the API server does not take Queue mail of the candidate ")
    assert words in found.sentence
    assert found.next.startswith(way)
    assert found.evidence == refusal.message
    assert found.file == tmp_path / "template.yml"
    assert found.line > TEMPLATE.count("\n")


def test_what_the_releases_account_may_not_do_is_told_as_that(world: World, tmp_path: Path) -> None:
    said = (
        'queues.shop.invalid is forbidden: User "system:serviceaccount:canary-test:canary" cannot '
        'create resource "queues" in API group "shop.invalid" in the namespace "canary-test"'
    )
    world.namespace.refuses["Queue mail"] = Refusal("Forbidden", said)
    (found,) = tried(world, tmp_path, TEMPLATE + QUEUE).refused
    assert found.code == "NotAllowed"


@pytest.mark.parametrize(
    ("more", "refused", "untried"),
    [
        (
            KIND + QUEUE,
            {"Queue mail": Refusal(NO_MATCH, "no matches")},
            "Queue mail, as its kind is made along with it",
        ),
        (
            QUEUE,
            {"Queue mail": Refusal("BadRequest", 'webhook "x" does not support dry run')},
            "Queue mail, as a webhook of the cluster's can't be asked without consequences",
        ),
        (
            QUEUE + "spec: {size: $SIZE_OF_IT}\n# SIZE_OF_IT\n",
            {},
            "Queue mail, as only fills.sh knows all of its variables",
        ),
    ],
)
def test_what_can_not_be_tried_out_is_left_out_and_noted(
    world: World, tmp_path: Path, more: str, refused: dict[str, Refusal], untried: str
) -> None:
    world.namespace.refuses.update(refused)
    found = tried(world, tmp_path, TEMPLATE + more, APPLY + "# SIZE_OF_IT is 3\n")
    assert found.refused == []
    assert untried in found.untried
    assert found.note.endswith(f"tried out, without {'; '.join(found.untried)}")


def test_a_hook_is_left_to_whoever_runs_it(world: World, tmp_path: Path) -> None:
    assert tried(world, tmp_path, TEMPLATE + HOOK).untried == []
    assert "Job migrate" not in world.namespace.tried


def test_a_script_that_takes_away_what_is_there_can_change_anything(
    world: World, tmp_path: Path
) -> None:
    found = tried(world, tmp_path, apply=APPLY + 'kubectl delete deployment "$2"\n')
    assert world.namespace.tried == ["Service addressbook-lb"]
    (left,) = found.untried
    assert left.endswith("template.yml, as fills.sh takes away what is there before")


@pytest.mark.parametrize(
    ("template", "apply", "reason"),
    [
        (TEMPLATE, "yq . $1 | kubectl apply -f -", "fills.sh makes what it applies with yq"),
        (
            TEMPLATE.replace("$deployment", "{{ name }}")
            .replace("$replicas", "1")
            .replace("$img", "x"),
            "./render $1",
            "which only fills.sh can fill in",
        ),
    ],
)
def test_what_only_the_script_knows_is_not_tried_out(
    world: World, tmp_path: Path, template: str, apply: str, reason: str
) -> None:
    with pytest.raises(NotApplicable, match=reason):
        tried(world, tmp_path, template, apply)


@pytest.mark.parametrize(
    ("named", "message", "shown"),
    [
        (
            "Secret payment",
            'Secret "payment" is invalid: data.key: Invalid value: "aHVudGVyMjI=": no base64',
            'Secret "payment" is invalid: data.key: no base64',
        ),
        (
            "Job migrate",
            f'Job.batch "migrate" is invalid: spec.template: Invalid value: {{"Env":"{"x" * 200}"}}'
            ": field is immutable",
            'Job.batch "migrate" is invalid: spec.template: field is immutable',
        ),
        (
            "Service shop",
            'Service "shop" is invalid: spec.clusterIPs[0]: Invalid value: ["None"]: it stays',
            'Service "shop" is invalid: spec.clusterIPs[0]: Invalid value: ["None"]: it stays',
        ),
    ],
)
def test_a_refusal_shows_no_value_that_may_be_secret(named: str, message: str, shown: str) -> None:
    found = refused_object(named, "candidate", "Invalid", message, ())
    assert found.evidence == shown


def test_a_refusal_with_a_diff_is_told_in_one_sentence() -> None:
    why = "Forbidden: spec is immutable after creation\n@@ -6,7 +6,7 @@\n-2Gi\n+1Gi"
    found = refused_object("Claim a", "candidate", "x", f"spec: {why}", (("spec", why),))
    assert found.sentence.endswith("is live: spec: Forbidden: spec is immutable after creation")
    assert found.evidence.endswith("+1Gi")


def test_without_a_canary_there_is_one_deployment_to_try(new_world: NewWorld) -> None:
    world = new_world(**NO_CANARY).enter("baseline")
    world.namespace.tried.clear()
    world.context.release.try_out(world.context.candidate)
    assert world.namespace.tried == ["Service addressbook-lb", "Deployment addressbook-stable"]
