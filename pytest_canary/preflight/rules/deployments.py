"""Rules about the two Deployments: what they are called, run and select."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.core.wording import suggestion
from pytest_canary.k8s.selectors import matches
from pytest_canary.manifests.documents import Fault, Place
from pytest_canary.manifests.pods import POD
from pytest_canary.preflight.groups import DEPLOYMENTS, SELECTORS
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject, describe

SELECTOR: Place = ("spec", "selector")
LABELS: Place = ("spec", "template", "metadata", "labels")

# Kinds that Kubernetes refuses where they don't select their own pods.
SELECTING = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")

CHART = "let the chart take it from the value that [manifests.set] names for it"


@rule(
    "no-deployment",
    "manifests without a Deployment, or with several",
    DEPLOYMENTS,
    advice="let the template have one Deployment, called by the variable that `apply.sh` fills in; "
    "without a script, set `name` to the one that is released; let a chart make one for each track",
)
def no_deployment(subject: Subject) -> Iterator[Fault]:
    """There is one Deployment, or one of the right name."""
    if not subject.scripted:
        yield from _none_released(subject)
        return
    for track, rendered in subject.rendered.items():
        if track in subject.workloads or rendered.parsed.broken:
            continue
        count = sum(each.kind == "Deployment" for each in rendered.parsed.documents)
        what = f"{count} Deployments, and none of them is {subject.settings.deployment_name(track)}"
        yield Fault(
            subject.source,
            1,
            f"{subject.source.shown} has {what if count else 'no Deployment'}",
            f"let it have one, with name: ${subject.script.variable(2)}",
        )


def _none_released(subject: Subject) -> Iterator[Fault]:
    """Of what a tool has made, none is known to be the one under release."""
    if subject.settings.files.renderer == "helm":
        yield from _lacks_track(subject)
        return
    if subject.workloads or subject.applied.broken:
        return
    found = [each.name for each in subject.applied.documents if each.kind == "Deployment"]
    name = subject.settings.name
    what = f"{len(found)} Deployments ({', '.join(found)}), and none of them is {name}"
    yield Fault(
        subject.source,
        1,
        f"{subject.source.shown} has {what if found else 'no Deployment'}",
        "set name in the settings to that of the one that is released"
        if found
        else "put it there, or name where it is: manifests.path",
    )


def _lacks_track(subject: Subject) -> Iterator[Fault]:
    """A chart makes no Deployment for a track."""
    made = [each.name for each in subject.applied.documents if each.kind == "Deployment"]
    one = made and not any(each.endswith(("-canary", "-stable")) for each in made)
    once = one and subject.settings.manifests.releases == 1
    for track in subject.rendered:
        if track not in subject.workloads:
            name = subject.settings.deployment_name(track)
            yield Fault(
                subject.source,
                1,
                f"{subject.source.shown} makes no Deployment {name}"
                + (f", but {', '.join(made)}" if made else ""),
                f"let the chart make it where {track}.replicas is set, or say by which values it "
                "does: [manifests.set]"
                + (
                    "; for one that makes a single Deployment there is releases = 2" if once else ""
                ),
            )


@rule(
    "wrong-name",
    "a Deployment that is not called what apply.sh is given",
    DEPLOYMENTS,
    advice="let its name be that variable, as canary and stable would be the same "
    "Deployment otherwise",
)
def wrong_name(subject: Subject) -> Iterator[Fault]:
    """The Deployment has the name that apply.sh is asked for."""
    for workload in subject.workloads.values():
        given, deployment = workload.given, workload.deployment
        if deployment.name != given.deployment:
            yield deployment.fault(
                ("metadata", "name"),
                f"the Deployment is called {deployment.name or 'nothing'}, not {given.deployment}, "
                "so canary and stable would be the same one",
                f"write name: ${subject.script.variable(2)}",
            )


@rule(
    "wrong-replicas",
    "a number of replicas that is not what apply.sh is given",
    DEPLOYMENTS,
    advice="let `replicas` be the variable that `apply.sh` fills in, or the chart's value that is "
    "set",
)
def wrong_replicas(subject: Subject) -> Iterator[Fault]:
    """It has the replicas that apply.sh is asked for, where nothing edits them afterwards."""
    for workload in subject.workloads.values():
        given, deployment = workload.given, workload.deployment
        found = deployment.at("spec", "replicas")
        wrong = found is None or isinstance(found, int)
        if wrong and workload.replicas != given.replicas and not subject.script.editor:
            fix = f"write replicas: ${subject.script.variable(3)}"
            yield deployment.fault(
                ("spec", "replicas"),
                f"{given.deployment} gets {workload.replicas} replicas, not the {given.replicas} "
                f"that {subject.script.name} is given",
                fix if subject.scripted else CHART,
            )


@rule(
    "paused-rollout",
    "a Deployment that is paused, so that nothing of it is rolled out until somebody resumes it",
    DEPLOYMENTS,
    level="warning",
    advice="take `spec.paused` out; `kubectl rollout pause` does so for a live object",
)
def paused_rollout(subject: Subject) -> Iterator[Fault]:
    """Kubernetes rolls it out."""
    for workload in subject.workloads.values():
        if workload.deployment.at("spec", "paused") is True:
            yield workload.deployment.fault(
                ("spec", "paused"),
                f"{workload.given.deployment} is paused, so that Kubernetes makes no pod of it "
                "until somebody resumes it",
                "take spec.paused out",
            )


@rule(
    "wrong-image",
    "a Deployment that does not run the image that apply.sh is given",
    DEPLOYMENTS,
    advice="let `image` be the variable that `apply.sh` fills in; without a script, name the "
    "container in `manifests.container`, or let the chart take the value that is set",
)
def wrong_image(subject: Subject) -> Iterator[Fault]:
    """It runs the image that apply.sh is asked for, where nothing edits it afterwards."""
    for workload in subject.workloads.values():
        given, deployment = workload.given, workload.deployment
        containers = list(workload.all_containers())
        runs = given.image in [container.get("image") for _, container in containers]
        if runs or subject.script.editor:
            continue
        if subject.settings.files.renderer == "helm":
            yield deployment.fault(
                (*containers[0][0], "image") if containers else (*POD, "containers"),
                f"no container of {given.deployment} runs the image that {subject.script.name} is "
                "given",
                CHART,
            )
            continue
        if not subject.scripted:
            called = [str(container.get("name")) for _, container in containers]
            yield deployment.fault(
                (*POD, "containers"),
                f"which container of {given.deployment} runs the app's image is not known: "
                f"{', '.join(called) or 'it has none'}",
                suggestion(
                    subject.settings.manifests.container,
                    called if subject.settings.manifests.container else [],
                    "name it in the settings: manifests.container",
                ),
            )
            continue
        yield deployment.fault(
            (*containers[0][0], "image") if containers else (*POD, "containers"),
            f"no container of {given.deployment} runs the image that {subject.script.name} is "
            "given",
            f"write image: ${subject.script.variable(4)}",
        )


@rule(
    "selector-misses-pods",
    "a Deployment, or another kind that makes pods, that does not select its own",
    SELECTORS,
    advice="give `selector.matchLabels` and `template.metadata.labels` the same labels",
)
def selector_misses_pods(subject: Subject) -> Iterator[Fault]:
    """Each Deployment selects its own pods, and so does whatever else makes pods."""
    for each in subject.documents():
        labels = each.table(*LABELS)
        if each.kind in SELECTING and not matches(each.table(*SELECTOR), labels):
            yield each.fault(
                SELECTOR,
                f"selector does not match template labels: its pods have {describe(labels)}",
                "give selector.matchLabels and template.metadata.labels the same labels",
            )


@rule(
    "overlapping-selectors",
    "a Deployment that selects the other's pods",
    SELECTORS,
    level="warning",
    advice="give selector and template a label that differs, such as `deployment: "
    "$deployment`; a Deployment that is live has to be made anew for that",
)
def overlapping_selectors(subject: Subject) -> Iterator[Fault]:
    """No Deployment selects the other's pods."""
    for track, workload in subject.workloads.items():
        selector = workload.deployment.table(*SELECTOR)
        by = workload.deployment.table(*SELECTOR, "matchLabels")
        for other_track, other in subject.workloads.items():
            if other_track != track and matches(selector, other.labels):
                yield workload.deployment.fault(
                    SELECTOR,
                    f"{workload.given.deployment} selects the pods of {other.given.deployment} "
                    f"too, by {describe(by)}, and only the label "
                    "pod-template-hash, which Kubernetes adds, keeps them apart",
                    "give selector and template a label that differs, such as "
                    f"deployment: ${subject.script.variable(2)}; no selector can be changed, so a "
                    "Deployment that is live has to be made anew for that",
                )
