"""What the rules find in a manifest, and what they leave alone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from fakes.folders import ROOT
from fakes.preflight import ELSEWHERE, FAULTS, KIND, NODE, Edit, Inspect, codes, healthy

from pytest_canary.config import settings_file
from pytest_canary.config.baseline import Baseline
from pytest_canary.config.options import Options
from pytest_canary.config.plan import Plan
from pytest_canary.context.inspecting import inspection_of
from pytest_canary.core.processes import Processes
from pytest_canary.preflight.reading import this_machine

# The broken manifests, one fault each.


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_fault_is_found_at_its_line_and_nothing_else(inspect: Inspect, path: Path) -> None:
    kind, text = path.parent.name, path.read_text()
    line = next(n for n, each in enumerate(text.splitlines(), start=1) if "# here" in each)
    found = inspect(**{kind: text}).findings
    assert [(each.code, each.where) for each in found] == [
        (path.stem.split(".")[0], f"manifests/{kind}.yml:{line}")
    ]


@pytest.mark.parametrize("path", FAULTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_finding_says_file_line_rule_and_fix_in_one_sentence_each(
    inspect: Inspect, path: Path
) -> None:
    (found,) = inspect(**{path.parent.name: path.read_text()}).findings
    assert found.sentence
    assert "\n" not in found.sentence + found.next
    assert found.next
    assert found.evidence in [
        f"{n:>4} | {line}".replace("\t", "→")
        for n, line in enumerate(path.read_text().splitlines(), start=1)
    ]


# What is right is left alone.


@pytest.mark.parametrize(
    "file", ["pyproject.toml", "airgap/canary.toml", "examples/notes/canary.toml"]
)
@pytest.mark.parametrize("options", [KIND, ELSEWHERE], ids=["kind", "context"])
def test_the_manifests_of_this_repository_are_right(file: str, options: Options) -> None:
    found = settings_file.load(ROOT, file)
    inspection = inspection_of(Plan(found, options, Baseline("none", "", "")), ROOT, Processes())
    assert inspection.findings == ()
    assert inspection.unread == inspection.serviceless == ""


RIGHT: dict[str, list[Edit]] = {
    "a number of a port that no container names": [
        ("          ports: [{name: http, containerPort: 3000}]\n", ""),
        ("targetPort: http", "targetPort: 3000"),
        ("port: http}}", "port: 3000}}"),
    ],
    "a probe of a port that is not named": [("port: http}}", "port: 9000}}")],
    "a sidecar that serves": [
        ("targetPort: http", "targetPort: proxy"),
        (
            "      containers:\n",
            "      initContainers:\n        - {name: proxy, image: 'p:1', restartPolicy: Always, "
            "ports: [{name: proxy, containerPort: 80}]}\n      containers:\n",
        ),
    ],
    "a selector by expressions": [
        (
            "    matchLabels: {app: shop, deployment: $deployment}\n  template",
            "    matchExpressions:\n      - {key: deployment, operator: In, values: "
            "[$deployment]}\n      - {key: app, operator: Exists}\n      - {key: old, operator: "
            "DoesNotExist}\n      - {key: app, operator: NotIn, values: [store]}\n  template",
        )
    ],
    "an optional Secret": [
        (
            "envFrom: [{secretRef: {name: db-params}}]",
            "envFrom: [{secretRef: {name: other, optional: true}}]",
        )
    ],
    "a Secret beside the Deployment": [
        ("name: db-params", "name: other"),
        (
            "memory: 96Mi}}\n",
            "memory: 96Mi}}\n---\napiVersion: v1\nkind: Secret\nmetadata: "
            "{name: other}\nstringData: {A: b}\n",
        ),
    ],
    "a Secret beside the Service": [
        ("name: db-params", "name: other"),
        (
            "targetPort: http}]\n",
            "targetPort: http}]\n---\napiVersion: v1\nkind: Secret\n"
            "metadata: {name: other}\ndata: {A: Yg==}\n",
        ),
    ],
    "a ConfigMap that every namespace has": [
        ("[{secretRef: {name: db-params}}]", "[{configMapRef: {name: kube-root-ca.crt}}]")
    ],
    "the default ServiceAccount": [
        ("      containers:\n", "      serviceAccountName: default\n      containers:\n")
    ],
    "a registry's Secret, which the rehearsal makes": [
        ("      containers:\n", "      imagePullSecrets: [{name: any}]\n      containers:\n")
    ],
    "objects in a List": [
        (
            "apiVersion: v1\nkind: Service\n",
            "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Service\n",
        ),
        (
            "metadata:\n  name: shop-lb\nspec:\n  type: LoadBalancer\n  selector: {app: shop}\n  "
            "ports:",
            "  metadata: {name: shop-lb}\n  spec:\n    type: LoadBalancer\n    selector: "
            "{app: shop}\n    ports:",
        ),
    ],
    "a tag of several words, and a digest": [
        (
            "memory: 96Mi}}\n",
            "memory: 96Mi}}\n        - {name: a, image: 'h.invalid:5000/p:1-x'}"
            "\n        - {name: b, image: 'p@sha256:0123'}\n",
        ),
    ],
    "a percentage that leaves pods": [
        (
            "  replicas: $replicas\n",
            "  replicas: $replicas\n  strategy: {rollingUpdate: "
            "{maxUnavailable: 66%, maxSurge: 0}}\n",
        ),
    ],
    "a budget that lets one go": [
        (
            "memory: 96Mi}}\n",
            "memory: 96Mi}}\n---\napiVersion: policy/v1\nkind: "
            "PodDisruptionBudget\nmetadata: {name: x}\nspec: {maxUnavailable: 1, selector: "
            "{matchLabels: {app: shop}}}\n",
        ),
    ],
    "a budget of somebody else's": [
        (
            "memory: 96Mi}}\n",
            "memory: 96Mi}}\n---\napiVersion: policy/v1\nkind: "
            "PodDisruptionBudget\nmetadata: {name: x}\nspec: {maxUnavailable: 0, selector: "
            "{matchLabels: {app: other}}}\n",
        ),
    ],
    "null, where a field may be left out": [
        ("          image: $img\n", "          image: $img\n          command:\n")
    ],
    "a migration in a container that ends": [
        (
            "      containers:\n",
            "      initContainers:\n        - {name: m, image: $img, "
            "resources: {requests: {memory: 1Gi}}}\n      containers:\n",
        ),
    ],
    "one that runs on as a sidecar, and is asked": [
        (
            "      containers:\n",
            "      initContainers:\n        - {name: proxy, image: 'p:1', restartPolicy: Always, "
            "startupProbe: {tcpSocket: {port: 80}, successThreshold: 1}, "
            "lifecycle: {preStop: {sleep: {seconds: 1}}}}\n      containers:\n",
        ),
    ],
    "null and nothing, beside what is meant": [
        (
            "  replicas: $replicas\n",
            "  replicas: $replicas\n  strategy: {type: RollingUpdate, rollingUpdate: "
            "{maxSurge: 1, maxUnavailable: 0}}\n",
        ),
        (
            "          envFrom: [{secretRef: {name: db-params}}]\n",
            "          env: [{name: A, value: '', valueFrom: {fieldRef: {fieldPath: "
            "metadata.name}}}]\n",
        ),
        (
            "      containers:\n",
            "      volumes: [{name: a}, {name: b, emptyDir: {}, hostPath: null}]\n"
            "      containers:\n",
        ),
    ],
    "what stands beside it, with its own volumes": [
        (
            "memory: 96Mi}}\n",
            "memory: 96Mi}}\n---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: c}\n"
            "spec:\n  serviceName: c\n  selector: {matchLabels: {app: c}}\n  template:\n"
            "    metadata: {labels: {app: c, tier: d}}\n    spec: {containers: [{name: c, "
            "image: 'c:1', volumeMounts: [{name: d, mountPath: /d}]}]}\n"
            "  volumeClaimTemplates:\n    - metadata: {name: d}\n      spec: {accessModes: "
            "[ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n",
        ),
    ],
    "an annotation in another template language": [
        ("      containers:\n", "      hostname: shop\n      containers:\n"),
        ("    metadata:\n", "    metadata:\n      annotations: {agent: '{{ with secret }}'}\n"),
    ],
}


@pytest.mark.parametrize("what", RIGHT)
def test_what_is_right_is_left_alone(inspect: Inspect, what: str) -> None:
    assert inspect(*RIGHT[what]).findings == ()


# The cluster: its version, its node, where its images come from.


def test_a_namespace_that_is_there_already_may_be_named_and_hold_what_pods_refer_to(
    inspect: Inspect,
) -> None:
    edits = [
        ("name: $deployment\n", "name: $deployment\n  namespace: shop-test\n"),
        ("name: db-params", "name: theirs"),
    ]
    found = [
        inspect(*edits, options=replace(ELSEWHERE, namespace=name)) for name in ("", "shop-test")
    ]
    assert [codes(each) for each in found] == [["fixed-namespace", "missing-secret"], []]


def test_what_the_manifests_make_is_told_as_kubectl_takes_it(inspect: Inspect) -> None:
    assert inspect().objects == (
        "Service/shop-lb",
        "Deployment.v1.apps/shop-canary",
        "Deployment.v1.apps/shop-stable",
    )


def test_a_registry_s_image_must_be_pulled(inspect: Inspect) -> None:
    policy = "          image: $img\n          imagePullPolicy: {}\n"
    image = "          image: $img\n"
    assert inspect((image, policy.format("Always")), options=ELSEWHERE).findings == ()
    (found,) = inspect((image, policy.format("Never")), options=ELSEWHERE).findings
    assert found.sentence == "container shop is never pulled, and the image is in a registry only"
    assert inspect((image, policy.format("Never"))).findings == ()


@pytest.mark.parametrize("options", [KIND, ELSEWHERE], ids=["kind", "context"])
def test_a_node_port_is_reached_and_an_address_inside_by_the_api_server_of_others(
    inspect: Inspect, options: Options
) -> None:
    def with_type(kind: str) -> Edit:
        return "type: LoadBalancer", f"type: {kind}"

    assert inspect(with_type("NodePort"), options=options).findings == ()
    inside = [] if options is ELSEWHERE else ["unreachable-service"]
    assert codes(inspect(with_type("ClusterIP"), options=options)) == inside
    name = "type: ExternalName\n  externalName: shop.invalid"
    elsewhere = inspect(("type: LoadBalancer", name), options=options)
    assert codes(elsewhere) == ["unreachable-service"]


def test_the_requests_of_canary_and_stable_count_together(inspect: Inspect) -> None:
    edit = ("cpu: 50m", "cpu: 800m")
    (found,) = inspect(edit).findings
    assert found.sentence == (
        "the 4 pods of canary and stable request 3200m of cpu, and the node has 4, of which "
        "Kubernetes and the database request 950m"
    )
    assert found.next == "request at most 762m for a pod"
    assert inspect(edit, replicas={"stable": 2}).findings == ()
    without = inspect(edit, database={"image": "none"}).findings
    (alone,) = (each for each in without if each.code == found.code)
    assert alone.sentence.endswith("of which Kubernetes itself requests 850m")
    assert alone.next == "request at most 787m for a pod"
    # Elsewhere nobody knows the nodes.
    assert inspect(edit, options=ELSEWHERE).findings == ()


def test_memory_that_is_not_known_is_not_judged(inspect: Inspect) -> None:
    assert (
        inspect(("memory: 96Mi", "memory: 900Gi"), node=replace(NODE, memory=None)).findings == ()
    )


def test_an_engine_elsewhere_runs_on_a_machine_that_nobody_knows(
    inspect: Inspect, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit = ("cpu: 50m", "cpu: 4000")
    monkeypatch.delenv("DOCKER_HOST", raising=False)
    assert codes(inspect(edit, node=this_machine())) == ["request-beyond-node"]
    monkeypatch.setenv("DOCKER_HOST", "ssh://builder.invalid")
    assert inspect(edit, node=this_machine()).findings == ()


def test_a_job_may_be_restarted_as_it_likes_and_a_deployment_may_not(inspect: Inspect) -> None:
    job = "---\napiVersion: batch/v1\nkind: Job\nmetadata: {name: once}\nspec: {template: {spec: "
    job += "{restartPolicy: Never, containers: [{name: a, image: 'a:1'}]}}}\n"
    role = "---\napiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: 'a:b'}\n"
    assert inspect(deployment=healthy("deployment") + job + role).findings == ()
    (found,) = inspect(
        ("      containers:\n", "      restartPolicy: Never\n      containers:\n")
    ).findings
    assert found.sentence == "spec.template.spec.restartPolicy must be Always"


def test_what_stops_all_pods_has_no_rollout_to_speak_of(inspect: Inspect) -> None:
    replicas = "  replicas: $replicas\n"
    recreate = f"{replicas}  strategy: {{{{type: Recreate, rollingUpdate: {{}}}}}}\n"
    none = inspect((replicas, recreate.format("null")))
    assert codes(none) == ["takes-last-pod"]
    some = inspect((replicas, recreate.format("{maxSurge: 1}")))
    assert sorted(codes(some)) == ["conflicting-fields", "takes-last-pod"]
    assert "strategy Recreate has no rollingUpdate" in [each.sentence for each in some.findings]


@pytest.mark.parametrize(
    ("wrong", "kind", "near"),
    [("shp-env", "ConfigMap", "shop-env"), ("db-parms", "Secret", "db-params")],
)
def test_the_nearest_name_that_is_there_is_suggested(
    inspect: Inspect, wrong: str, kind: str, near: str
) -> None:
    source = "configMapRef" if kind == "ConfigMap" else "secretRef"
    extra = f"---\napiVersion: v1\nkind: {kind}\nmetadata: {{name: shop-env}}\n"
    wanted = ("{secretRef: {name: db-params}}", f"{{{source}: {{name: {wrong}}}}}")
    (found,) = inspect(wanted, ("memory: 96Mi}}\n", f"memory: 96Mi}}}}\n{extra}")).findings
    assert found.next == f"did you mean {near}?"


def test_no_service_is_told_to_select_by_what_the_next_version_has_not(inspect: Inspect) -> None:
    labels = "labels: {helm.sh/chart: shop-0.1, app.kubernetes.io/version: '1', app: shop, "
    (first, *_) = inspect(
        ("labels: {app: shop, ", labels), service=healthy("service").replace("app: shop", "app: x")
    ).findings
    assert (first.code, first.next) == ("selects-no-pod", "select by what both have: app: shop")


def test_one_replica_must_not_be_taken(inspect: Inspect) -> None:
    strategy = "  replicas: $replicas\n  strategy: {{rollingUpdate: {{{}}}}}\n"
    replicas = "  replicas: $replicas\n"
    one = {"stable": 1, "stable-during-canary": 1}
    assert inspect(replicas=one).findings == ()
    (found,) = inspect((replicas, strategy.format("maxUnavailable: 1")), replicas=one).findings
    assert found.sentence == "a rollout may take the only pod of shop-stable at once"
    assert found.next == "write maxUnavailable: 0, with maxSurge: 1"
    # A quarter of one is none; and no surge either would let nothing move.
    edit = (replicas, strategy.format("maxSurge: 0"))
    assert codes(inspect(edit, replicas=one)) == ["takes-last-pod"]


def test_affinity_matters_where_no_header_tells_who_answers_too(inspect: Inspect) -> None:
    edit = ("type: LoadBalancer", "type: LoadBalancer\n  sessionAffinity: ClientIP")
    write = {"method": "POST", "path": "/", "json": {"a": "{unique}"}}
    api = {"write": write, "read": {"method": "GET", "path": "/"}}
    for header in ({}, {"version-header": "X-V"}):
        assert codes(inspect(edit, api=api | header)) == ["session-affinity"]


def test_no_sentence_or_fix_ends_like_a_sentence_of_prose(inspect: Inspect) -> None:
    for path in FAULTS:
        for each in inspect(**{path.parent.name: path.read_text()}).findings:
            assert not re.search(r"[.;,]$", each.sentence), each.sentence
            assert not re.search(r"[.;,]$", each.next), each.next


def test_of_an_object_with_thousands_of_misfits_some_are_told(inspect: Inspect) -> None:
    fields = "".join(f"zzz{number}: 1\n" for number in range(2000))
    found = inspect(service=healthy("service") + fields)
    assert codes(found) == ["unknown-field"] * 100


def test_a_service_among_other_documents_is_found(inspect: Inspect) -> None:
    config = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: other\n"
    assert codes(inspect(service=f"{config}---\n{healthy('service')}")) == []
