"""Rules about what the pods refer to: Secrets, ConfigMaps, volumes, claims, accounts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_canary.core.wording import did_you_mean, suggestion
from pytest_canary.manifests.documents import Document, Fault, Place
from pytest_canary.preflight.groups import REFERENCES
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import POD, Subject, Workload

OPTIONAL = ("Secret", "ConfigMap")

# In every namespace, by Kubernetes itself.
GIVEN = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}


@dataclass(frozen=True)
class Reference:
    """What a pod refers to.

    Attributes:
        kind: of the object.
        name: of the object.
        place: where the reference stands.
        keys: the keys that it takes, each with its place.
    """

    kind: str
    name: str
    place: Place
    keys: tuple[tuple[str, Place], ...] = ()


@rule(
    "missing-secret",
    "a Secret that will not be there",
    REFERENCES,
    advice="write the name that is suggested, or put the Secret into the manifest",
)
def missing_secret(subject: Subject) -> Iterator[Fault]:
    """Every Secret that pods refer to will be there."""
    return _missing(subject, "Secret")


@rule(
    "missing-config-map",
    "a ConfigMap that will not be there",
    REFERENCES,
    advice="write the name that is suggested, or put the ConfigMap into the manifest",
)
def missing_config_map(subject: Subject) -> Iterator[Fault]:
    """Every ConfigMap that pods refer to will be there."""
    return _missing(subject, "ConfigMap")


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
    for workload in subject.pods():
        yield from _mounts(workload)


@rule(
    "missing-claim",
    "a PersistentVolumeClaim that will not be there",
    REFERENCES,
    advice="write the name that is suggested, or put the claim into the manifest",
)
def missing_claim(subject: Subject) -> Iterator[Fault]:
    """Every PersistentVolumeClaim that pods refer to will be there."""
    return _missing(subject, "PersistentVolumeClaim")


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


def from_environment(workload: Workload) -> Iterator[Reference]:
    """What containers take their variables from."""
    for place, _ in workload.all_containers():
        for where, entry in workload.deployment.tables(*place, "env"):
            for source, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                reference = entry.get("valueFrom")
                found = reference.get(source) if isinstance(reference, dict) else None
                spot = (*where, "valueFrom", source)
                yield from _reference(kind, found, spot, "name", [found])
        for where, entry in workload.deployment.tables(*place, "envFrom"):
            for source, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                yield from _reference(kind, entry.get(source), (*where, source), "name")


def from_volumes(workload: Workload) -> Iterator[Reference]:
    """What volumes are made of."""
    for where, volume in workload.deployment.tables(*POD, "volumes"):
        secret, config = volume.get("secret"), volume.get("configMap")
        yield from _reference("Secret", secret, (*where, "secret"), "secretName", _items(secret))
        yield from _reference("ConfigMap", config, (*where, "configMap"), "name", _items(config))
        claim = volume.get("persistentVolumeClaim")
        place = (*where, "persistentVolumeClaim")
        yield from _reference("PersistentVolumeClaim", claim, place, "claimName")
        for spot, source in workload.deployment.tables(*where, "projected", "sources"):
            for key, kind in (("secret", "Secret"), ("configMap", "ConfigMap")):
                found = source.get(key)
                yield from _reference(kind, found, (*spot, key), "name", _items(found))


def _items(volume: Any) -> list[Any]:
    found = volume.get("items") if isinstance(volume, dict) else None
    return found if isinstance(found, list) else []


def _reference(
    kind: str, found: Any, place: Place, called: str, keyed: list[Any] | None = None
) -> Iterator[Reference]:
    if not isinstance(found, dict) or found.get("optional") is True:
        return
    name = found.get(called)
    if not isinstance(name, str) or not name:
        return
    keys = []
    for number, each in enumerate(keyed or []):
        key = each.get("key") if isinstance(each, dict) else None
        spot = (*place, "key") if each is found else (*place, "items", number, "key")
        if isinstance(key, str):
            keys.append((key, spot))
    yield Reference(kind, name, (*place, called), tuple(keys))


def _references(subject: Subject) -> Iterator[tuple[Document, Reference]]:
    """What pods refer to, but for what every namespace has."""
    for workload in subject.pods():
        for each in (*from_environment(workload), *from_volumes(workload)):
            if (each.kind, each.name) not in GIVEN:
                yield workload.deployment, each


def _missing(subject: Subject, kind: str) -> Iterator[Fault]:
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
    if wanted.kind == "Secret" and subject.parameters:
        fix = did_you_mean(wanted.name, [subject.database_secret], otherwise=fix)
    return fix


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


def _mounts(workload: Workload) -> Iterator[Fault]:
    deployment = workload.deployment
    volumes = [str(volume.get("name")) for _, volume in deployment.tables(*POD, "volumes")]
    for place, container in workload.all_containers():
        for where, mount in deployment.tables(*place, "volumeMounts"):
            name = mount.get("name")
            if isinstance(name, str) and name not in volumes:
                fix = suggestion(name, volumes, "add it to the pod's volumes")
                yield deployment.fault(
                    (*where, "name"),
                    f"container {container.get('name')} mounts volume {name}, which the pod does "
                    "not have",
                    fix,
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
