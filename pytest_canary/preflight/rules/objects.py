"""Rules about every object: whether it can be read, and this version of Kubernetes takes it.

What reading the files and the schema have told already is under the names of `told_rule`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pytest_canary.core.wording import suggestion
from pytest_canary.manifests.documents import Document, Fault, Place, place_text
from pytest_canary.manifests.schedules import unread
from pytest_canary.preflight.groups import SCHEMA, YAML
from pytest_canary.preflight.rule import rule, told_rule
from pytest_canary.preflight.subject import Subject

# What Kubernetes takes and its schema does not say: by the last names on the way to a value, of
# which "*" is any number of a list.
ONE_OF: dict[tuple[str, ...], tuple[str, ...]] = {
    ("containers", "*", "imagePullPolicy"): ("Always", "IfNotPresent", "Never"),
    ("initContainers", "*", "imagePullPolicy"): ("Always", "IfNotPresent", "Never"),
    ("ports", "*", "protocol"): ("TCP", "UDP", "SCTP"),
    ("httpGet", "scheme"): ("HTTP", "HTTPS"),
    ("strategy", "type"): ("RollingUpdate", "Recreate"),
    ("template", "spec", "dnsPolicy"): (
        "ClusterFirst",
        "ClusterFirstWithHostNet",
        "Default",
        "None",
    ),
    ("spec", "sessionAffinity"): ("None", "ClientIP"),
    ("spec", "externalTrafficPolicy"): ("Cluster", "Local"),
    ("initContainers", "*", "restartPolicy"): ("Always", "OnFailure", "Never"),
    ("topologySpreadConstraints", "*", "whenUnsatisfiable"): ("DoNotSchedule", "ScheduleAnyway"),
    ("seccompProfile", "type"): ("RuntimeDefault", "Localhost", "Unconfined"),
    ("accessModes", "*"): (
        "ReadWriteOnce",
        "ReadOnlyMany",
        "ReadWriteMany",
        "ReadWriteOncePod",
    ),
    ("paths", "*", "pathType"): ("Prefix", "Exact", "ImplementationSpecific"),
}
JOB_OF_CRON = ("spec", "jobTemplate", "spec")
# The same, of one kind alone.
OF_KIND: dict[tuple[str, ...], tuple[str, ...]] = {
    ("Service", "spec", "type"): ("LoadBalancer", "NodePort", "ClusterIP", "ExternalName"),
    ("Deployment", "spec", "template", "spec", "restartPolicy"): ("Always",),
    ("StatefulSet", "spec", "template", "spec", "restartPolicy"): ("Always",),
    ("DaemonSet", "spec", "template", "spec", "restartPolicy"): ("Always",),
    ("Job", "spec", "template", "spec", "restartPolicy"): ("Never", "OnFailure"),
    ("CronJob", *JOB_OF_CRON, "template", "spec", "restartPolicy"): ("Never", "OnFailure"),
    ("CronJob", "spec", "concurrencyPolicy"): ("Allow", "Forbid", "Replace"),
}
# Numbers that may not be lower than this one.
AT_LEAST: dict[tuple[str, ...], int] = {
    ("spec", "replicas"): 0,
    ("topologySpreadConstraints", "*", "maxSkew"): 1,
}

# Kinds whose names may have a colon in them.
RBAC = {"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"}

PORTS = (
    ("ports", "*", "containerPort"),
    ("ports", "*", "port"),
    ("ports", "*", "targetPort"),
    ("httpGet", "port"),
    ("tcpSocket", "port"),
    ("grpc", "port"),
)

LABEL = r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"
SUBDOMAIN = rf"{LABEL}(\.{LABEL})*"
WORD = r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?"
PORT_NAME = r"(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?"
FIELD = (
    r"metadata\.(name|namespace|uid|(labels|annotations)\['[^']+'\])"
    r"|spec\.(nodeName|serviceAccountName)|status\.(pod|host)IPs?"
)

# A pattern, and how to say it.
NAMES: dict[tuple[str, ...], tuple[str, str]] = {
    ("metadata", "name"): (SUBDOMAIN, "lower-case letters, digits, '-' and '.'"),
    ("containers", "*", "name"): (LABEL, "at most 63 lower-case letters, digits and '-'"),
    ("initContainers", "*", "name"): (LABEL, "at most 63 lower-case letters, digits and '-'"),
    ("containers", "*", "ports", "*", "name"): (
        PORT_NAME,
        "at most 15 lower-case letters, digits and '-'",
    ),
    ("env", "*", "valueFrom", "fieldRef", "fieldPath"): (
        FIELD,
        "metadata.name, metadata.namespace, metadata.uid, metadata.labels['KEY'], "
        "metadata.annotations['KEY'], spec.nodeName, spec.serviceAccountName, status.podIP or "
        "status.hostIP",
    ),
    ("metadata", "labels", "*"): (WORD, "at most 63 letters, digits, '-', '_' and '.'"),
    ("selector", "matchLabels", "*"): (WORD, "at most 63 letters, digits, '-', '_' and '.'"),
}


INVALID_YAML = told_rule(
    "invalid-yaml",
    "a file that is no YAML",
    YAML,
    advice="mend the line that is named; two spaces a level, no tabs",
)
"""A file is read."""


NOT_AN_OBJECT = told_rule(
    "not-an-object",
    "a document without apiVersion or kind",
    YAML,
    advice="give the document `apiVersion` and `kind`, or take it out",
)
"""What is in it is an object of Kubernetes'."""


DUPLICATE_KEY = told_rule(
    "duplicate-key",
    "a key, or an entry of a list, that is there twice and counts once",
    YAML,
    level="warning",
    advice="take one of the two out: the last one counts",
)
"""Nothing is said twice, of which only the last would count."""


DUPLICATE_ENTRY = told_rule(
    "duplicate-entry",
    "an entry of a list that is there twice, and must not",
    SCHEMA,
    advice="take one of the two out, or give it another name or port",
)
"""No list has an entry twice, where Kubernetes takes it once."""


UNKNOWN_KIND = told_rule(
    "unknown-kind",
    "a kind that this version of Kubernetes does not have",
    SCHEMA,
    advice="write the kind and `apiVersion` that this version of Kubernetes has; set "
    "`--kind-image` to rehearse on the version that is meant",
)
"""The cluster's version has the kind."""


@rule(
    "undefined-kind",
    "an object of a kind that is not Kubernetes' own, and whose CRD is nowhere in the repository",
    SCHEMA,
    level="warning",
    advice="put the CRD into a file that `manifests.prerequisites` names, and what acts on its "
    "objects too; or take the object out of what is rehearsed",
)
def undefined_kind(subject: Subject) -> Iterator[Fault]:
    """A cluster of the run's own has the kinds that the manifests bring, and no others."""
    for document in subject.documents() if subject.kind_cluster else ():
        if subject.schema.is_foreign(document):
            api = document.value["apiVersion"]
            yield document.fault(
                ("kind",),
                f"{document.kind} in {api} is no kind of Kubernetes', and no CRD among the "
                "manifests makes it one: the run's cluster will not take it",
                "name the file of its CRD in manifests.prerequisites",
            )


UNKNOWN_FIELD = told_rule(
    "unknown-field",
    "a field that the kind does not have",
    SCHEMA,
    advice="write the name that is suggested, or take the field out: Kubernetes would "
    "refuse it or leave it out",
)
"""The kind has the field."""


@rule(
    "missing-field",
    "a field that the kind must have",
    SCHEMA,
    advice="add it",
)
def missing_field(subject: Subject) -> Iterator[Fault]:
    """The object has the field."""
    for document in subject.documents():
        job = {"Job": ("spec",), "CronJob": JOB_OF_CRON}.get(document.kind)
        if job and document.at(*job, "template", "spec", "restartPolicy") is None:
            pod = (*job, "template", "spec")
            yield document.fault(
                pod,
                f"{place_text(pod)}.restartPolicy is missing, and what it is without one, Always, "
                f"no {document.kind} may have",
                "write restartPolicy: Never, or OnFailure",
            )
        if not subject.scripted and not document.name and document.at("metadata", "generateName"):
            yield document.fault(
                ("metadata", "generateName"),
                f"metadata.name is missing, and `kubectl apply` takes no {document.kind} that is "
                "named by generateName alone",
                "give it a name",
            )


WRONG_TYPE = told_rule(
    "wrong-type",
    "a number where text is wanted, and the like",
    SCHEMA,
    advice="write a value of the type that is named; quote a number where text is wanted",
)
"""A value is of its field's type."""


@rule(
    "wrong-value",
    "a value that Kubernetes refuses",
    SCHEMA,
    advice="write one of the values that are named",
)
def wrong_value(subject: Subject) -> Iterator[Fault]:
    """A value is one of those that Kubernetes takes."""
    for document in subject.documents():
        if subject.schema.knows(document):
            yield from _values(document)
            schedule = document.at("spec", "schedule")
            if document.kind == "CronJob" and isinstance(schedule, str):
                why = unread(schedule)
                if why:
                    yield document.fault(
                        ("spec", "schedule"),
                        f"spec.schedule has {why}",
                        "write minute, hour, day, month and weekday: 0 3 * * 1-5",
                    )


def _values(document: Document) -> Iterator[Fault]:
    for place, value in _leaves(document.value, ()):
        way = tuple("*" if isinstance(step, int) else step for step in place)
        # A label's key may be any.
        ways = {way, (*way[:-1], "*")} if "labels" in way or "matchLabels" in way else {way}
        for pattern, allowed in (ONE_OF | OF_KIND).items():
            here = {(document.kind, *way)} if pattern in OF_KIND else ways
            if _ends(here, pattern) and isinstance(value, str) and value not in allowed:
                one_of = "one of " if len(allowed) > 1 else ""
                yield _wrong(document, place, f"{one_of}{', '.join(allowed)}", value, allowed)
        is_port = type(value) is int and any(_ends(ways, each) for each in PORTS)
        if is_port and not 0 < value < 65536:
            yield _wrong(document, place, "between 1 and 65535")
        for pattern, least in AT_LEAST.items():
            if type(value) is int and value < least and _ends(ways, pattern):
                yield _wrong(document, place, f"{least} or more")
        for pattern, (allowed_re, words) in NAMES.items():
            if way == ("metadata", "name") and document.kind in RBAC:
                continue
            if (
                isinstance(value, str)
                and _ends(ways, pattern)
                and not re.fullmatch(allowed_re, value)
            ):
                yield _wrong(document, place, words)


def _ends(ways: set[tuple[str, ...]], pattern: tuple[str, ...]) -> bool:
    return any(way[-len(pattern) :] == pattern for way in ways)


def _wrong(
    document: Document, place: Place, allowed: str, value: str = "", right: tuple[str, ...] = ()
) -> Fault:
    fix = suggestion(value, right, "change it")
    return document.fault(place, f"{place_text(place)} must be {allowed}", fix)


def _leaves(value: Any, place: Place) -> Iterator[tuple[Place, Any]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, (*place, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*place, number))
    elif value is not None:
        yield place, value
