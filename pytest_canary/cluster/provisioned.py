"""What a walk stands on, once all of it is up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pytest_canary.cluster.container_engine import Image
from pytest_canary.cluster.kind import Cluster
from pytest_canary.k8s.namespace_api import NamespaceApi
from pytest_canary.rendering.version import Version


@dataclass
class Provisioned:
    """What there is when everything is up.

    Attributes:
        namespace: the run's, as the account sees it that the release's transitions run as.
        owner: the same, as the one sees it who has the cluster, or may make a namespace in it.
        home: the folder that those transitions have for their home.
        cluster: the kind cluster; None where the walk is in a cluster that it did not make.
        baseline: None in a first release.
        database: the database's image; None where there is none.
        prerequisites: what the images of prerequisites are called that the nodes get from the run,
            by what they are called in the project.
        seconds: how long each part took, by name.
        notes: what whoever reads the outcome should know, a sentence each.
    """

    namespace: NamespaceApi
    owner: NamespaceApi
    home: Path
    cluster: Cluster | None
    kubectl: Path
    candidate: Version
    baseline: Version | None
    database: Image | None
    seconds: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    prerequisites: dict[str, str] = field(default_factory=dict)
