"""Rules about where objects are: a release reaches the rehearsal's namespace, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.manifests.documents import Fault
from pytest_canary.preflight.groups import DEPLOYMENTS
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject

# What belongs to no namespace, by API group; of custom ones only the API server knows.
CLUSTER_SCOPED = {
    "": {"Namespace", "Node", "PersistentVolume"},
    "admissionregistration.k8s.io": {
        "MutatingAdmissionPolicy",
        "MutatingAdmissionPolicyBinding",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ValidatingWebhookConfiguration",
    },
    "apiextensions.k8s.io": {"CustomResourceDefinition"},
    "apiregistration.k8s.io": {"APIService"},
    "certificates.k8s.io": {"CertificateSigningRequest", "ClusterTrustBundle"},
    "flowcontrol.apiserver.k8s.io": {"FlowSchema", "PriorityLevelConfiguration"},
    "networking.k8s.io": {"IPAddress", "IngressClass", "ServiceCIDR"},
    "node.k8s.io": {"RuntimeClass"},
    "rbac.authorization.k8s.io": {"ClusterRole", "ClusterRoleBinding"},
    "resource.k8s.io": {"DeviceClass", "ResourceSlice"},
    "scheduling.k8s.io": {"PriorityClass"},
    "storage.k8s.io": {
        "CSIDriver",
        "CSINode",
        "StorageClass",
        "VolumeAttachment",
        "VolumeAttributesClass",
    },
}


@rule(
    "fixed-namespace",
    "an object in a namespace that is not the rehearsal's",
    DEPLOYMENTS,
    advice="leave `metadata.namespace` out; kubectl's context says which it is",
)
def fixed_namespace(subject: Subject) -> Iterator[Fault]:
    """The rehearsal has one namespace."""
    for document in subject.documents():
        found = document.at("metadata", "namespace")
        if found and found != subject.namespace:
            yield document.fault(
                ("metadata", "namespace"),
                f"{document.kind} {document.name} is fixed to a namespace, where nothing is "
                "rehearsed",
                "leave metadata.namespace out; kubectl's context says which it is",
            )


@rule(
    "cluster-scoped",
    "an object that belongs to the whole cluster",
    DEPLOYMENTS,
    advice="put it into a file of its own, for whoever runs the cluster to apply once",
)
def cluster_scoped(subject: Subject) -> Iterator[Fault]:
    """The release's account may touch nothing that others share; the API server refuses it."""
    for document in subject.documents():
        group, slash, _ = str(document.at("apiVersion") or "").partition("/")
        if document.kind in CLUSTER_SCOPED.get(group if slash else "", ()):
            yield document.fault(
                ("kind",),
                f"{document.kind} {document.name} belongs to the whole cluster, and a release "
                "reaches the rehearsal's namespace only",
                "put it into a file of its own, for whoever runs the cluster to apply once",
            )
