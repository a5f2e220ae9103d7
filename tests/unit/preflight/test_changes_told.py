"""With which words the rules tell what changes between two versions."""

from pathlib import Path

import pytest
from fakes.changed import CLAIM, ENVIRONMENT, JOB, MAP, SERVICE, edited, env, queue
from fakes.preflight import compared
from fakes.repository import own_git as own_git

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
