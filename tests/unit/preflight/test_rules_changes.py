"""What the rules find that changes between two versions, and what they leave alone."""

from pathlib import Path

import pytest
from fakes.preflight import (
    CHANGES,
    GROUPS,
    ROOT,
    before_and_after,
    codes,
    compared,
    healthy,
    here,
    inspected,
)
from fakes.repository import commit, git
from fakes.repository import own_git as own_git

from pytest_canary.core.errors import NotApplicable
from pytest_canary.preflight import ruleset


@pytest.mark.parametrize("folder", CHANGES, ids=lambda folder: folder.name)
def test_a_change_is_found_at_its_line_and_nothing_else(tmp_path: Path, folder: Path) -> None:
    name, number, line = here(folder)
    kind = name.removeprefix("live.")
    shown = f"v1:manifests/{kind}" if name != kind else f"manifests/{kind}"
    found = compared(tmp_path, *before_and_after(folder)).findings
    assert [(each.code, each.where) for each in found] == [
        (folder.name.split(".")[0], f"{shown}:{number}")
    ]
    (finding,) = found
    assert finding.evidence == f"{number:>4} | {line}"
    assert "\n" not in finding.sentence + finding.next
    assert finding.next
    # Beside the code, as it is there now; a line of another revision's is none of it.
    assert finding.file == tmp_path / "manifests" / kind
    assert finding.line == (0 if name != kind else number)


def test_every_rule_of_changes_has_such_a_change() -> None:
    of_changes = {*ruleset.names(of="changes"), "request-beyond-both"}
    assert {folder.name.split(".")[0] for folder in CHANGES} == of_changes


@pytest.mark.parametrize("folder", CHANGES, ids=lambda folder: folder.name)
def test_a_version_that_is_the_live_one_changes_nothing_but_its_image(
    tmp_path: Path, folder: Path
) -> None:
    live, _ = before_and_after(folder)
    alone = {
        "immutable-field.job": ["immutable-field"],
        "request-beyond-both": ["request-beyond-node"],
    }
    assert codes(compared(tmp_path, live, live)) == alone.get(folder.name, [])


# The words.

JOB = """---
apiVersion: batch/v1
kind: Job
metadata: {name: extras}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: migrate, image: $img, args: [migrate]}]
"""
# Of an image of its own, so that it is no migration.
REPORT = JOB.replace("$img", "shop:1").replace("migrate", "report")
QUEUE = """---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: queue}
spec:
  serviceName: queue
  selector: {matchLabels: {app: queue}}
  template:
    metadata: {labels: {app: queue}}
    spec: {containers: [{name: queue, image: "queue:1"}]}
  volumeClaimTemplates:
    - metadata: {name: data}
      spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
CLAIM = """---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: uploads}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
"""
MAP = """---
apiVersion: v1
kind: ConfigMap
metadata: {name: extras}
data: {banner: "on"}
"""
SERVICE = """---
apiVersion: v1
kind: Service
metadata: {name: shop-admin}
spec: {selector: {app: shop}, ports: [{port: 80, targetPort: http}]}
"""
ENVIRONMENT = "          envFrom: [{secretRef: {name: db-params}}]\n"


def edited(kind: str, *edits: tuple[str, str], more: str = "") -> dict[str, str]:
    """The healthy manifest of a kind with edits, and what is put behind it."""
    text = healthy(kind)
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return {kind: text + more}


def env(*entries: str) -> tuple[str, str]:
    """The edit that gives the container these variables too."""
    return ENVIRONMENT, f"{ENVIRONMENT}          env: [{', '.join(entries)}]\n"


def queue(*edits: tuple[str, str]) -> dict[str, str]:
    text = QUEUE
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return edited("deployment", more=text)


TOLD = [
    (
        {},
        edited(
            "deployment", ("deployment: $deployment}\n", "deployment: $deployment, tier: web}\n")
        ),
        "spec.selector of Deployment shop-stable can't be changed on a live object: git:v1 has "
        "app: shop, deployment: shop-stable, and this version app: shop, deployment: shop-stable, "
        "tier: web",
        "leave it as it is; else give the object another name, or `kubectl delete` the live one "
        "first; with --cascade=orphan its pods stay",
    ),
    (
        {},
        edited("service", ("  selector:", "  clusterIP: 10.96.0.80\n  selector:")),
        "spec.clusterIP of Service shop-lb can't be changed on a live object: git:v1 has nothing, "
        "and this version 10.96.0.80",
        "leave it as it is; else give the object another name, or `kubectl delete` the live one "
        "first",
    ),
    (
        edited("service", more=SERVICE.replace("{selector", "{clusterIP: None, selector")),
        edited("service", more=SERVICE.replace("{selector", "{type: NodePort, selector")),
        "spec.clusterIP of Service shop-admin can't be changed on a live object: git:v1 has None, "
        "and this version nothing",
        "leave it as it is",
    ),
    (
        edited("deployment", more=CLAIM),
        {},
        "git:v1 makes PersistentVolumeClaim uploads, and this version doesn't: it stays on the "
        "cluster, as `kubectl apply` deletes nothing",
        "keep it in the manifests, or delete it once nothing in it is needed any more",
    ),
    (
        queue(),
        queue(("serviceName: queue", "serviceName: queues")),
        "spec.serviceName of StatefulSet queue can't be changed on a live object: git:v1 has "
        "queue, and this version queues",
        "with --cascade=orphan its pods stay",
    ),
    (
        queue(),
        queue(("serviceName: queue", "serviceName: queue\n  podManagementPolicy: Parallel")),
        "spec.podManagementPolicy of StatefulSet queue can't be changed on a live object: git:v1 "
        "has OrderedReady, the default, and this version Parallel",
        "leave it as it is",
    ),
    (
        queue(),
        queue(("1Gi", "2Gi")),
        "spec.volumeClaimTemplates[0].spec.resources.requests.storage of StatefulSet queue can't "
        "be changed on a live object: git:v1 has 1Gi, and this version 2Gi",
        "leave it as it is",
    ),
    (
        edited("deployment", more=JOB),
        edited("deployment", more=JOB),
        "spec.template.spec.containers[0].image of Job extras can't be changed on a live object: "
        "git:v1 has another",
        "give it a name of its own in each version, or let ttlSecondsAfterFinished or `kubectl "
        "delete` remove the last one first",
    ),
    (
        edited("deployment", more=MAP + "immutable: true\n"),
        edited("deployment", more=MAP.replace('"on"', '"off"') + "immutable: true\n"),
        "data.banner of ConfigMap extras can't be changed on a live object: git:v1 has it as "
        "immutable",
        "leave it as it is",
    ),
    (
        edited("deployment", more=MAP),
        {},
        "git:v1 makes ConfigMap extras, and this version doesn't: it stays on the cluster, as "
        "`kubectl apply` deletes nothing",
        "`kubectl delete configmap extras` once no rollback needs it; or keep it in the manifests",
    ),
    (
        edited("service", more=SERVICE),
        {},
        "git:v1 makes Service shop-admin, and this version doesn't: it stays on the cluster, as "
        "`kubectl apply` deletes nothing, and it goes on sending requests to what it selects",
        "`kubectl delete service shop-admin`",
    ),
    (
        {},
        edited("deployment", env("{name: SMTP_HOST, value: mail}")),
        "container shop is given SMTP_HOST, which git:v1 is not",
        "set it wherever else this version is released to",
    ),
    (
        edited("deployment", env("{name: MAIL_HOST, value: mail}")),
        edited("deployment", env("{name: MAIL_HOSTS, value: mail}")),
        "container shop is given MAIL_HOSTS, which git:v1 is not",
        "did you mean MAIL_HOST?",
    ),
    (
        edited("deployment", env("{name: SMTP_HOST, value: mail}")),
        {},
        "container shop is no longer given SMTP_HOST, which git:v1 is",
        "see that this version reads it no more",
    ),
    (
        edited("deployment", (ENVIRONMENT, "")),
        edited(
            "deployment",
            (
                ENVIRONMENT,
                "          env: [{name: A, valueFrom: {secretKeyRef: {name: db-params, key: "
                "DB_SSL}}}]\n",
            ),
        ),
        "this version takes key DB_SSL of Secret db-params, which git:v1 does not, and no manifest "
        "makes it",
        "see that it is there before this version is released; the rehearsal makes one of its own",
    ),
    (
        {},
        edited("deployment", (ENVIRONMENT, "")),
        "this version takes Secret db-params no more, and git:v1 does",
        "leave it on the cluster as long as a rollback may be wanted",
    ),
    (
        edited(
            "deployment",
            env("{name: A, valueFrom: {configMapKeyRef: {name: extras, key: banner}}}"),
            more=MAP,
        ),
        edited("deployment", env("{name: A, value: x}"), more=MAP.replace("banner", "color")),
        "key banner of ConfigMap extras is gone with this version, and pods of git:v1 need it: "
        "none of them starts anew, as after a rollback",
        "keep the key until no rollback is wanted, or give the object another name",
    ),
    (
        {},
        edited(
            "deployment",
            (
                "shop, deployment: $deployment}\n    spec",
                "store, deployment: $deployment}\n    spec",
            ),
        )
        | edited("service", ("{app: shop}", "{app: store}")),
        "Service shop-lb of this version selects no pod of git:v1: it looks for app: store, and "
        "they have app: shop; they get no request from then on",
        "select by labels that the pods of both have, until this version is live alone",
    ),
    (
        {},
        edited("deployment", ("{name: http,", "{name: web,"), ("port: http}}", "port: web}}"))
        | edited("service", ("targetPort: http", "targetPort: web")),
        "Service shop-lb of this version leads to port web, which no container of git:v1 has: they "
        "have 3000 (http), and get no request from then on",
        "keep the port's name while both run, or lead to its number",
    ),
    (
        edited("service", ("targetPort: http", "targetPort: 3000")),
        edited("deployment", ("containerPort: 3000", "containerPort: 8080"))
        | edited("service", ("targetPort: http", "targetPort: 8080")),
        "Service shop-lb of this version leads to port 8080, which no container of git:v1 has: "
        "they have 3000 (http), and get no request from then on",
        "lead to it by a name that the port has in both",
    ),
    (
        edited("deployment", ("$deployment}\n    spec", "$deployment, tier: web}\n    spec"))
        | edited("service", ("{app: shop}", "{tier: web}")),
        {},
        "Service shop-lb of git:v1, which a rollback may bring back, selects no pod of this "
        "version: it looks for tier: web, and they have tier: nothing; they get no request from "
        "then on",
        "select by labels that the pods of both have",
    ),
    (
        {},
        edited("service", ("port: 80,", "port: 8080,")),
        "Service shop-lb has no port 80 any more, by which clients reach git:v1: they reach "
        "nobody as soon as it is applied",
        "keep the port, and add the new one beside it",
    ),
    (
        edited("service", ("targetPort: http", "targetPort: 3000")),
        edited("deployment", ("{name: http,", "{name: web,"), ("port: http}}", "port: web}}"))
        | edited("service", ("targetPort: http", "targetPort: 3000")),
        "port 3000 is called web, and http in git:v1",
        "see that whatever names http, as another Service, an Ingress or a NetworkPolicy may, "
        "names the new one too",
    ),
    (
        {},
        edited("deployment", ("containerPort: 3000", "containerPort: 8080")),
        "port http is 8080, and 3000 in git:v1",
        "see that whatever names the number, as a NetworkPolicy or a monitor may, names both while "
        "both run",
    ),
    (
        edited(
            "service",
            ("[{port", "[{name: web, port"),
            more=SERVICE.replace("{port: 80, ", "{port: 81, "),
        ),
        edited("service", ("[{port", "[{name: web, port"), more=SERVICE),
        "Service shop-admin has no port 81 any more, which it has in git:v1",
        "see that nobody asks it, or keep it",
    ),
    (
        {},
        edited("deployment", ("path: /ready", "path: /health")),
        "the readinessProbe of container shop asks GET /health of port 3000, and GET /ready of "
        "port 3000 in git:v1",
        "see that this version answers there, and that whoever else asks it, as a load balancer "
        "or a monitor does, follows",
    ),
    (
        edited("deployment", ("memory: 96Mi", "memory: 3Gi")),
        {},
        "3 pods of git:v1 and 2 of this version request 9408Mi of memory together, and the node "
        "has 8192Mi, of which Kubernetes itself requests 240Mi",
        "request less, or let maxUnavailable be 1 where a rollout needs the room of one more",
    ),
]


@pytest.mark.parametrize(
    ("live", "made", "sentence", "fix"), TOLD, ids=[case[2][:40] for case in TOLD]
)
def test_what_changes_is_told_with_what_to_do(
    tmp_path: Path, live: dict[str, str], made: dict[str, str], sentence: str, fix: str
) -> None:
    found = {each.sentence: each.next for each in compared(tmp_path, live, made).findings}
    assert sentence in found
    assert fix in found[sentence]


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


# Where there is nothing to compare, and where that can't be done.


def test_a_variable_without_a_value_is_no_change(tmp_path: Path) -> None:
    live = edited("deployment", env('{name: A, value: "$OF_LAST_YEAR"}'))
    made = edited("deployment", env("{name: A, value: x}"))
    assert codes(compared(tmp_path, live, made)) == []


def test_a_selector_with_a_variable_without_a_value_is_told_for_that_alone(tmp_path: Path) -> None:
    unclear = edited("deployment", TIER, ("tier: web", "tier: $TIER"))
    assert set(codes(compared(tmp_path, {}, unclear))) == {"unset-variable"}


def test_what_a_commit_does_not_have_the_candidates_stands_for(tmp_path: Path) -> None:
    compared(tmp_path, {}, {})
    git(tmp_path, "rm", "--quiet", "manifests/service.yml")
    commit(tmp_path, "v2")
    found = inspected(tmp_path, ("port: 80,", "port: 8080,"), baseline="git:v2")
    assert codes(found) == []
    assert codes(inspected(tmp_path, ("port: 80,", "port: 8080,"), baseline="git:v1")) == [
        "moved-address"
    ]


def test_what_is_compared_is_noted(tmp_path: Path) -> None:
    assert "compared with git:v1 (canary.toml)" in compared(tmp_path, {}, {"apply": REPLACES}).notes


@pytest.mark.parametrize(
    ("live", "reason"),
    [
        ({"deployment": "\tkind: x"}, "the manifests of git:v1 can't be read"),
        ({"deployment": MAP}, "v1:manifests/deployment.yml has no Deployment to look at"),
        (
            {
                "deployment": healthy("deployment")
                .replace("$deployment", "{{ .name }}")
                .replace("$img", "x:1")
                .replace("$replicas", "1"),
                "apply": "helm template . | kubectl apply -f -",
            },
            "in git:v1, manifests/deployment.yml:5 has {{ .name }}, which only apply.sh can fill "
            "in",
        ),
    ],
    ids=["no YAML", "no Deployment", "another language"],
)
def test_what_can_not_be_compared_is_not_held_to_be_right(
    tmp_path: Path, live: dict[str, str], reason: str
) -> None:
    found = compared(tmp_path, live, {})
    assert found.findings == ()
    for group in (each for each in GROUPS if each.of == "changes"):
        with pytest.raises(NotApplicable) as uncompared:
            found.expect_judged(group)
        assert str(uncompared.value) == reason
