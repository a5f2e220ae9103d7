"""Rules about what the pods refer to: Secrets, ConfigMaps, volumes, claims, accounts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pytest_canary.core.wording import did_you_mean, suggestion
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.manifests.pods import POD, POD_OF, Reference, from_environment, from_volumes
from pytest_canary.preflight.groups import REFERENCES
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject

OPTIONAL = ("Secret", "ConfigMap")

# In every namespace, by Kubernetes itself.
GIVEN = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}

# What Kustomize puts behind the name of what it generates.
GENERATED = re.compile(r"-[a-z0-9]{10}$")


@rule(
    "missing-secret",
    "a Secret that will not be there",
    REFERENCES,
    advice="write the name that is suggested, or put the Secret into the manifest",
)
def missing_secret(subject: Subject) -> Iterator[Fault]:
    """Every Secret that pods refer to will be there."""
    return _missing_objects(subject, "Secret")


@rule(
    "missing-config-map",
    "a ConfigMap that will not be there",
    REFERENCES,
    advice="write the name that is suggested, or put the ConfigMap into the manifest",
)
def missing_config_map(subject: Subject) -> Iterator[Fault]:
    """Every ConfigMap that pods refer to will be there."""
    return _missing_objects(subject, "ConfigMap")


@rule(
    "missing-key",
    "a key that a Secret or ConfigMap will not have",
    REFERENCES,
    advice="write the key that is suggested, or put it into the Secret or ConfigMap",
)
def missing_key(subject: Subject) -> Iterator[Fault]:
    """What will be there has the keys that pods take from it."""
    for deployment, wanted in _references(subject):
        known = _keys(subject, wanted)
        if known is None:
            continue
        for key, place in wanted.keys:
            if key not in known:
                near = suggestion(key, sorted(known), f"put it into the {wanted.kind}")
                sentence = f"{wanted.kind} {wanted.name} will have no key {key}"
                yield deployment.fault(place, sentence, near)


@rule(
    "missing-volume",
    "a mounted volume that the pod does not have",
    REFERENCES,
    advice="add it to the pod's volumes",
)
def missing_volume(subject: Subject) -> Iterator[Fault]:
    """A pod has the volumes that its containers mount."""
    for document in subject.documents():
        if document.kind in POD_OF:
            yield from _mounts(document, POD_OF[document.kind])


@rule(
    "missing-claim",
    "a PersistentVolumeClaim that will not be there",
    REFERENCES,
    advice="write the name that is suggested, or put the claim into the manifest",
)
def missing_claim(subject: Subject) -> Iterator[Fault]:
    """Every PersistentVolumeClaim that pods refer to will be there."""
    return _missing_objects(subject, "PersistentVolumeClaim")


@rule(
    "missing-service-account",
    "a ServiceAccount that will not be there",
    REFERENCES,
    advice="put it into the manifest, before the Deployment",
)
def missing_service_account(subject: Subject) -> Iterator[Fault]:
    """The pods' ServiceAccount will be there."""
    for workload in subject.pods():
        yield from _account(subject, workload.deployment)


def _references(subject: Subject) -> Iterator[tuple[Document, Reference]]:
    """What pods refer to, but for what every namespace has."""
    for workload in subject.pods():
        deployment = workload.deployment
        for each in (*from_environment(deployment), *from_volumes(deployment)):
            if (each.kind, each.name) not in GIVEN:
                yield deployment, each


def _missing_objects(subject: Subject, kind: str) -> Iterator[Fault]:
    if subject.namespace:
        return  # nobody has looked at what is there already
    for deployment, wanted in _references(subject):
        # What the script makes on its way, only the script knows.
        if (
            wanted.kind == kind
            and _keys(subject, wanted) is None
            and not subject.script.mentions(wanted.name)
        ):
            yield deployment.fault(
                wanted.place,
                f"{kind} {wanted.name} will not be there: neither a manifest nor the rehearsal "
                "makes it",
                _remedy(subject, wanted),
            )


def _remedy(subject: Subject, wanted: Reference) -> str:
    fix = f"put it into {subject.source.shown}, beside the Deployment"
    if (wanted.kind, wanted.name) == ("Secret", subject.database_secret):
        return 'it comes with a database: [database] image is "none"'
    if wanted.kind in OPTIONAL:
        fix += ", or mark it optional: true"
    names = [
        _reference_name(subject, each) for each in subject.documents() if each.kind == wanted.kind
    ]
    if wanted.kind == "Secret" and subject.parameters:
        names.append(subject.database_secret)
    return did_you_mean(wanted.name, names, otherwise=fix)


def _reference_name(subject: Subject, document: Document) -> str:
    """An object's name as a reference writes it: Kustomize adds the hash of what it generates."""
    if subject.settings.files.renderer == "kustomize":
        return GENERATED.sub("", document.name)
    return document.name


def _keys(subject: Subject, wanted: Reference) -> set[str] | None:
    """The keys that an object will have; None where it will not be there."""
    there = [
        each for each in subject.documents() if (each.kind, each.name) == (wanted.kind, wanted.name)
    ]
    name = subject.database_secret
    ours = (wanted.kind, wanted.name) == ("Secret", name) and subject.parameters
    if not there and not ours:
        return None
    parts = ("data", "stringData", "binaryData")
    keys = {key for each in there for part in parts for key in each.table(part)}
    return keys | subject.parameters if ours else keys


def _mounts(document: Document, pod: Place) -> Iterator[Fault]:
    volumes = [str(volume.get("name")) for _, volume in document.tables(*pod, "volumes")]
    if document.kind == "StatefulSet":
        claims = document.tables("spec", "volumeClaimTemplates")
        volumes += [str(document.at(*place, "metadata", "name")) for place, _ in claims]
    for part in ("initContainers", "containers"):
        for place, container in document.tables(*pod, part):
            for where, mount in document.tables(*place, "volumeMounts"):
                name = mount.get("name")
                if isinstance(name, str) and name not in volumes:
                    yield document.fault(
                        (*where, "name"),
                        f"container {container.get('name')} mounts volume {name}, which the pod "
                        "does not have",
                        suggestion(name, volumes, "add it to the pod's volumes"),
                    )


def _account(subject: Subject, deployment: Document) -> Iterator[Fault]:
    if subject.namespace:
        return
    for key in ("serviceAccountName", "serviceAccount"):
        name = deployment.at(*POD, key)
        if not isinstance(name, str) or not name or ("ServiceAccount", name) in GIVEN:
            continue
        made = {each.name for each in subject.documents() if each.kind == "ServiceAccount"}
        if name not in made and not subject.script.mentions(name):
            yield deployment.fault(
                (*POD, key),
                f"ServiceAccount {name} will not be there, and without it no pod is made",
                f"put it into {subject.source.shown}, before the Deployment",
            )
