"""What may change between two versions without a word."""

from pathlib import Path

import pytest
from fakes.changed import JOB, MAP, REPORT, edited, env, queue
from fakes.folders import ROOT
from fakes.preflight import codes, compared
from fakes.repository import own_git as own_git

# What is right is left alone.

HASHED = MAP.replace("extras", "features-5h2m7t6g9k")
OTHER = HASHED.replace("5h2m7t6g9k", "8k4c2b9fdt")
HOOK = JOB.replace("a: {name", "a: {annotations: {helm.sh/hook: pre-upgrade}, name")
SCRIPT = (ROOT / "apply.sh").read_text()
REPLACES = SCRIPT.replace("kubectl apply -f", "kubectl replace --force -f")
TIER = ("deployment: $deployment}\n", "deployment: $deployment, tier: web}\n")

RIGHT: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    "a selector that is written otherwise": (
        {},
        edited(
            "deployment",
            (
                "    matchLabels: {app: shop, deployment: $deployment}\n  template",
                "    matchExpressions: []\n    matchLabels: {deployment: $deployment, app: shop}\n"
                "  template",
            ),
        ),
    ),
    "a selector of a Deployment that is made anew": (
        {},
        edited("deployment", TIER) | {"apply": REPLACES},
    ),
    "a label of the pods alone": (
        {},
        edited(
            "deployment",
            ("deployment: $deployment}\n    spec", "deployment: $deployment, tier: web}\n    spec"),
        ),
    ),
    "an address that is no longer asked for": (
        edited("service", ("  selector:", "  clusterIP: 10.96.0.80\n  selector:")),
        {},
    ),
    "claims with what is the default anyway": (
        queue(),
        queue(
            ("1Gi}}}", "1024Mi}}, volumeMode: Filesystem}"),
            ("  serviceName", "  podManagementPolicy: OrderedReady\n  serviceName"),
        ),
    ),
    "another image, more replicas and another strategy of a StatefulSet": (
        queue(),
        queue(
            ("queue:1", "queue:2"),
            ("  serviceName", "  replicas: 2\n  updateStrategy: {type: OnDelete}\n  serviceName"),
        ),
    ),
    "a Job with a name of its own in each version": (
        edited("deployment", more=JOB.replace("extras", "migrate-1")),
        edited("deployment", more=JOB.replace("extras", "migrate-2")),
    ),
    "more of a Job at once": (
        edited("deployment", more=REPORT),
        edited(
            "deployment",
            more=REPORT.replace("spec:\n  t", "spec:\n  parallelism: 2\n  t"),
        ),
    ),
    "a Job that goes by itself": (
        edited(
            "deployment", more=JOB.replace("spec:\n  t", "spec:\n  ttlSecondsAfterFinished: 0\n  t")
        ),
        edited(
            "deployment", more=JOB.replace("spec:\n  t", "spec:\n  ttlSecondsAfterFinished: 0\n  t")
        ),
    ),
    "a Job that Helm deletes before it makes it": (
        edited(
            "deployment",
            more=HOOK,
        ),
        edited(
            "deployment",
            more=HOOK,
        ),
    ),
    "a map that is called after what it holds": (
        edited("deployment", more=HASHED),
        edited("deployment", more=OTHER),
    ),
    "a map that the script deletes": (
        edited("deployment", more=MAP.replace("extras", "features")),
        {"apply": SCRIPT + "kubectl delete configmap features --ignore-not-found\n"},
    ),
    "a map that changes": (
        edited("deployment", more=MAP),
        edited("deployment", more=MAP.replace('"on"', '"off"')),
    ),
    "a key that is taken where all of it was": (
        {},
        edited(
            "deployment",
            env("{name: DB_SSL, valueFrom: {secretKeyRef: {name: db-params, key: DB_SSL}}}"),
        ),
    ),
    "variables that come from a map now": (
        edited(
            "deployment", env("{name: banner, value: x}"), more=MAP.replace("extras", "features")
        ),
        edited(
            "deployment",
            ("db-params}}]", "db-params}}, {configMapRef: {name: features}}]"),
            more=MAP.replace("extras", "features"),
        ),
    ),
    "a container that is called otherwise": (
        {},
        edited("deployment", ("- name: shop\n", "- name: web\n")),
    ),
    "a port that is added": (
        {},
        edited(
            "deployment",
            ("containerPort: 3000}", "containerPort: 3000}, {name: admin, containerPort: 9}"),
        )
        | edited(
            "service", ("ports: [{", "ports: [{name: admin, port: 9, targetPort: 3000}, {name: x, ")
        ),
    ),
    "another port, found by the nodes' own": (
        edited("service", ("port: 80,", "port: 80, nodePort: 30080,")),
        edited("service", ("port: 80,", "port: 8080, nodePort: 30080,")),
    ),
    "a probe that asks more often, by the port's number": (
        {},
        edited("deployment", ("port: http}}", "port: 3000}, periodSeconds: 1}")),
    ),
    "less memory": (edited("deployment", ("memory: 96Mi", "memory: 128Mi")), {}),
    "a comment": ({}, edited("deployment", more="# the end\n")),
}


@pytest.mark.parametrize("case", RIGHT)
def test_what_is_right_is_left_alone(tmp_path: Path, case: str) -> None:
    assert codes(compared(tmp_path, *RIGHT[case])) == []
