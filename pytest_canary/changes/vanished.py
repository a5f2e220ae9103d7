"""Objects that the live version alone has: nothing that applies another deletes them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.changes.version_objects import VersionObjects, owner_of
from pytest_canary.manifests.documents import Document, Fault
from pytest_canary.manifests.jobs import is_hook

# What comes to an end by itself, and is called otherwise in each version for a reason.
ENDING = ("Job", "Pod")

# What is made anew for each content, as Kustomize's generators do: the old one is a rollback's.
HASHED = re.compile(r"(?P<stem>.+)-(?=[a-z0-9.]*[0-9])[a-z0-9.]{1,16}")
HELD = ("ConfigMap", "Secret")

# What takes along what it holds.
HOLDING = ("CustomResourceDefinition", "Namespace", "PersistentVolumeClaim")

# What goes on with its work, by what it does to whom.
GOES_ON = {
    "CronJob": "it goes on starting its Jobs",
    "DaemonSet": "its pods go on",
    "Deployment": "its pods go on",
    "HorizontalPodAutoscaler": "it goes on scaling what it names",
    "Ingress": "it goes on leading requests to its Services",
    "NetworkPolicy": "it goes on refusing connections",
    "PodDisruptionBudget": "it goes on holding up drains",
    "Service": "it goes on sending requests to what it selects",
    "StatefulSet": "its pods go on",
}


def left_objects(live: VersionObjects, made: VersionObjects) -> Iterator[Fault]:
    """What stays on the cluster, though this version has it no more.

    Args:
        live: the version that is on the cluster.
        made: the one that is applied over it.
    """
    for document in () if made.deletes else live.objects:
        if (
            made.find(owner_of(document)) is None
            and live.clear(document, "metadata", "name")
            and not _goes(made, document)
        ):
            what = f"{document.kind} {document.name}"
            goes_on = GOES_ON.get(document.kind)
            delete = f"`kubectl delete {document.kind.lower()} {document.name}` once no rollback "
            yield document.fault(
                ("metadata", "name"),
                f"{live.title} makes {what}, and this version doesn't: it stays on the cluster, as "
                f"`kubectl apply` deletes nothing{f', and {goes_on}' if goes_on else ''}",
                "keep it in the manifests, or delete it once nothing in it is needed any more"
                if document.kind in HOLDING
                else f"{delete}needs it; or keep it in the manifests",
            )


def _goes(made: VersionObjects, document: Document) -> bool:
    """Whether it is meant to stay, comes to an end by itself, or somebody deletes it."""
    name, kind = document.name, document.kind
    if not name or kind in ENDING:
        return True
    if "--prune" in made.script.text or made.script.mentions(name):
        return True
    if is_hook(document):
        return True
    stem = HASHED.fullmatch(name)
    return (
        bool(stem)
        and kind in HELD
        and any(
            each.kind == kind
            and (other := HASHED.fullmatch(each.name)) is not None
            and stem is not None
            and other["stem"] == stem["stem"]
            for each in made.objects
        )
    )
