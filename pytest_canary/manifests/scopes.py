"""What belongs to a namespace, and what to the whole cluster."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_canary.manifests.documents import Document

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


def is_cluster_wide(document: Document, own: Mapping[tuple[str, str], bool] | None = None) -> bool:
    """Whether an object belongs to the whole cluster.

    Args:
        document: the object.
        own: kinds of the project's own, by API group and name, and whether namespaces have them;
            of others only the API server knows, and they are taken for namespaced.
    """
    kind = document.group, document.kind
    if own and kind in own:
        return not own[kind]
    return document.kind in CLUSTER_SCOPED.get(document.group, ())
