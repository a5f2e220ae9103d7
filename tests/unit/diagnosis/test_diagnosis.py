"""Why a rollout does not come to its end, on objects that a real API server gave.

Each recording is what a watch told while one fault was provoked; see fixtures/objects/README.md.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from fakes import recordings
from fakes.recordings import (
    CANARY,
    applied,
    changed,
    diagnosed,
    end,
    first,
    play,
    pod,
    status,
    told,
)

from pytest_canary.diagnosis import Expected, Objects, as_expected, diagnose, wanted_logs
from pytest_canary.k8s.objects import Snapshot

Captured = Callable[[str], Any]

PANIC = '"panic: config key SESSION_SALT is missing"'
# What each fault comes to: its first finding's code, whether waiting can't mend it, and what is
# told in the end.
FAULTS = [
    # The image
    ("pull-no-host", "ErrImagePull", True, "the registry's name can't be looked up from the node"),
    ("pull-not-found", "ErrImagePull", True, "the registry has no such image"),
    ("pull-denied", "ErrImagePull", True, "the registry wants a login"),
    ("pull-forbidden", "ErrImagePull", True, "the registry refuses it to this login"),
    ("pull-busy", "ImagePullBackOff", True, "the registry is asked too often"),
    ("pull-broken", "ImagePullBackOff", True, "the registry is in trouble"),
    ("pull-refused", "ImagePullBackOff", True, "the registry does not answer"),
    (
        "never",
        "ErrImageNeverPull",
        True,
        "can't start: image addressbook:9 is not on the node, and its pull policy is Never",
    ),
    (
        "invalid-name",
        "InvalidImageName",
        True,
        "can't start: 'Addressbook:2' is no name for an image",
    ),
    # Processes that end
    ("exits", "ContainerExited", True, f"exits with code 3 as soon as it starts: {PANIC}"),
    ("exits-later", "ContainerExited", True, 'exits with code 1 after 4 s: "giving up"'),
    (
        "traceback",
        "ContainerExited",
        True,
        ": \"KeyError: 'SESSION_SALT'\"",
    ),
    ("silent", "ContainerExited", True, "exits with code 1 as soon as it starts"),
    (
        "exits-zero",
        "ContainerEnded",
        True,
        "exits with code 0 as soon as it starts, but a Deployment's container must keep running",
    ),
    ("segfault", "ContainerExited", True, "is ended by signal 11 (SIGSEGV) as soon as it starts"),
    ("read-only-root", "ContainerExited", True, "Read-only file system"),
    ("exec-format", "ContainerExited", True, '"exec /srv/run: exec format error"'),
    (
        "init-exits",
        "ContainerExited",
        True,
        "'s init container prepare exits with code 4 as soon as it starts: "
        '"can not fetch the schema"',
    ),
    (
        "sidecar-exits",
        "ContainerExited",
        True,
        '\'s container prepare exits with code 5 as soon as it starts: "proxy has no route"',
    ),
    ("two-replicas-exit", "ContainerExited", True, PANIC),
    ("oom", "OOMKilled", True, "was killed for using more than its memory limit of 64Mi"),
    ("oom-app", "OOMKilled", True, "was killed for using more than its memory limit of 24Mi"),
    ("post-start", "FailedPostStartHook", True, "is killed as its postStart hook fails"),
    # Processes that never begin
    ("no-command", "StartError", True, "can't start: there is no command /srv/start in the image"),
    ("not-executable", "StartError", True, "its command /etc/hostname may not be executed"),
    ("bad-workdir", "StartError", True, "its working directory /etc/passwd can't be entered"),
    (
        "init-no-command",
        "StartError",
        True,
        "'s init container prepare can't start: there is no command migrate-me in the image",
    ),
    ("oom-at-start", "StartError", True, "can't start: cannot start a stopped process"),
    # Settings
    ("no-secret", "CreateContainerConfigError", True, "can't start: there is no Secret payment"),
    (
        "no-secret-key",
        "CreateContainerConfigError",
        True,
        "can't start: there is no key SALT in Secret db-params",
    ),
    (
        "no-config-map",
        "CreateContainerConfigError",
        True,
        "can't start: there is no ConfigMap features",
    ),
    (
        "no-config-map-key",
        "CreateContainerConfigError",
        True,
        "can't start: there is no key colour in ConfigMap kube-root-ca.crt",
    ),
    ("no-secret-volume", "FailedMount", True, "can't start: there is no Secret certs"),
    (
        "no-key-volume",
        "FailedMount",
        True,
        "can't start: there is no key tls.crt in ConfigMap kube-root-ca.crt",
    ),
    (
        "root",
        "CreateContainerConfigError",
        True,
        "can't start: runAsNonRoot is set, and its runAsUser is root",
    ),
    (
        "named-user",
        "CreateContainerConfigError",
        True,
        "can't start: runAsNonRoot is set, and its image names its user, nobody, of whom the "
        "kubelet can't tell that it isn't root",
    ),
    # The node
    (
        "cpus",
        "Unschedulable",
        True,
        "can't be scheduled: it asks for 64 CPUs, the node has 2 and 1 is free",
    ),
    ("memory", "Unschedulable", True, "it asks for 900Gi of memory, the node has 23.5Gi and 23Gi"),
    ("not-free", "Unschedulable", False, "it asks for 1.5 CPUs, the node has 2 and 1 is free"),
    (
        "node-selector",
        "Unschedulable",
        True,
        "no node has the label of its node selector, disktype=ssd",
    ),
    (
        "node-affinity",
        "Unschedulable",
        True,
        "no node is as its node affinity wants: kubernetes.io/arch In arm64",
    ),
    ("anti-affinity", "Unschedulable", False, "node(s) didn't match pod anti-affinity rules"),
    ("no-volume", "Unschedulable", False, 'persistentvolumeclaim "data" not found'),
    (
        "evicted",
        "Evicted",
        True,
        's pod was evicted: Usage of EmptyDir volume "cache" exceeds the limit "1Mi"',
    ),
    # Probes
    (
        "readiness-404",
        "ReadinessProbe",
        True,
        "does not become ready: its readiness probe fails, "
        "GET /health on port http is answered with 404",
    ),
    ("readiness-500", "ReadinessProbe", False, "GET /ready on port http is answered with 500"),
    ("readiness-port", "ReadinessProbe", False, "GET /ready on port 8080 is refused"),
    ("readiness-tcp", "ReadinessProbe", False, "its readiness probe fails, port 9000 is refused"),
    (
        "readiness-timeout",
        "ReadinessProbe",
        False,
        "GET /hang on port http is not answered within 1 s",
    ),
    (
        "readiness-exec",
        "ReadinessProbe",
        False,
        "`sh -c 'echo no migration yet; exit 1'` fails: \"no migration yet\"",
    ),
    (
        "readiness-port-name",
        "ReadinessProbe",
        True,
        "GET /ready on port web can't be asked, as no container port has that name",
    ),
    (
        "liveness-404",
        "LivenessProbe",
        True,
        "is restarted as its liveness probe fails: GET /alive on port http is answered with 404",
    ),
    (
        "startup-short",
        "StartupProbe",
        True,
        "is restarted as its startup probe fails: GET /live on port http is refused",
    ),
    # The API server
    (
        "quota-memory",
        "FailedCreate",
        True,
        "gets no pod: quota team allows requests.memory=64Mi, of which requests.memory=0 is used, "
        "and a pod asks for requests.memory=96Mi",
    ),
    (
        "quota-unsaid",
        "FailedCreate",
        True,
        "quota team wants limits.cpu said for container addressbook",
    ),
    ("quota-pods-rolling", "FailedCreate", False, "quota team allows pods=2, of which pods=2 is u"),
    (
        "limit-range",
        "FailedCreate",
        True,
        "maximum memory usage per Container is 128Mi, but limit is 192Mi",
    ),
    (
        "pod-security",
        "FailedCreate",
        True,
        "it violates the namespace's Pod Security Standard restricted:latest: runAsNonRoot != true",
    ),
    ("no-service-account", "FailedCreate", True, "there is no ServiceAccount shop"),
    ("no-priority-class", "FailedCreate", True, "there is no PriorityClass gold"),
    ("policy", "FailedCreate", True, "policy owners refuses it: a pod must say its team"),
    (
        "webhook",
        "FailedCreate",
        False,
        'webhook guard.example.com does not answer: service "guard" not found',
    ),
    # The Deployment
    ("progress-deadline", "ReadinessProbe", True, "GET /ready on port 8080 is refused"),
    (
        "deleted",
        "DeploymentDeleted",
        True,
        "addressbook-canary was deleted while the candidate was rolled out",
    ),
    (
        "scaled",
        "DeploymentChanged",
        True,
        "was changed while the candidate was rolled out: it is to have 3 replicas instead of 1",
    ),
    (
        "image-changed",
        "DeploymentChanged",
        True,
        "it has image addressbook:4b03630abd2a-41c3ad instead of addressbook:e2cc82ee3aa1-41c3ad",
    ),
    ("no-controller", "NotObserved", False, "the Deployment controller has not seen the newest"),
    ("stale", "NotObserved", False, "the Deployment controller has not seen the newest"),
    # The Service
    (
        "service-selects-nothing",
        "ServiceSelector",
        True,
        "Service addressbook-lb selects no pod of addressbook-canary: it selects app=adressbook, "
        "and they have app=addressbook",
    ),
    ("service-port-name", "ServicePort", True, "sends to port web, which no container of"),
    ("service-port-number", "ServicePort", False, "sends to port 8080, which no container of"),
]
# What goes wrong for a while and heals.
HEALTHY = ["healthy", "slow-start", "heals-after-one", "init-heals", "taint", "quota-pods-rolling"]


# Faults, from their first sign


@pytest.mark.parametrize(("name", "code", "doomed", "words"), FAULTS, ids=[f[0] for f in FAULTS])
def test_a_fault_is_told_in_the_end(name: str, code: str, doomed: bool, words: str) -> None:
    finding = first(name)
    assert (finding.code, finding.doomed) == (code, doomed)
    assert words in finding.sentence
    assert finding.where
    assert finding.next


def test_every_recording_is_looked_at() -> None:
    looked_at = {fault[0] for fault in FAULTS} | set(HEALTHY)
    others = {"healthy-walk", "secret-late", "kubelet-gone", "node-lost", "paused", "init-hangs"}
    assert set(recordings.names()) == looked_at | others


# What takes longer by its nature: the first failure of a probe is a sign, but often just an early
# one, so it must fail as often as the kubelet minds.
LATER = {"liveness-404", "readiness-timeout", "startup-short"}
# What gives no sign of its own: nobody but the diagnosis minds.
SILENT = {"image-changed", "no-controller", "service-port-number", "stale"}


@pytest.mark.parametrize("name", [fault[0] for fault in FAULTS if fault[0] not in LATER | SILENT])
def test_a_fault_is_told_within_a_second_of_the_clusters_first_sign(name: str) -> None:
    found = next(t.at for t in told(name) for f in t.findings if f.code != "NotObserved")
    # As somebody sees it who looks every 0.1 s; the second is the recorded cluster's, not this
    # test's. A probe is minded when it has failed three times, a second apart.
    assert found - recordings.first_sign(name) <= 1 + recordings.POLL


def test_a_process_that_exits_is_told_from_its_first_end_and_doomed_at_its_second() -> None:
    once, *_, twice = [t for t in told("exits") if t.findings and t.findings[0].where.count("pod")]
    assert (once.doomed, twice.doomed) == (False, True)
    assert once.findings[0].seen == "not restarted yet"
    assert twice.findings[0].seen == "restarted once"
    # CrashLoopBackOff comes later still, and says less.
    assert twice.at < 2


@pytest.mark.parametrize("name", ["heals-after-one", "init-heals"])
def test_one_restart_that_heals_dooms_nothing(name: str) -> None:
    found = told(name, step=0)
    assert "ContainerExited" in {finding.code for t in found for finding in t.findings}
    assert not any(t.doomed for t in found)
    assert found[-1].findings == []


@pytest.mark.parametrize("name", HEALTHY)
def test_what_heals_dooms_nothing_at_any_moment(name: str) -> None:
    found = told(name, step=0)
    assert [(t.at, f.sentence) for t in found for f in t.findings if f.doomed] == []


def test_a_healthy_rollout_ends_with_nothing_to_tell() -> None:
    assert told("healthy")[-1].findings == []
    # Controllers follow a moment later, which is told and dooms nothing.
    passing = {f.code for t in told("healthy", step=0) for f in t.findings}
    assert passing == {"NotObserved", "ServiceEndpoints"}


def test_nothing_is_doomed_at_any_moment_of_a_whole_walk() -> None:
    expected: dict[str, Expected] = {}
    changes = [line for line in recordings.lines("healthy-walk") if "Expect" in line]
    looks = 0
    for moment in play("healthy-walk", step=0):
        for change in changes:
            if change["at"] <= moment.at:
                name, replicas = change["Expect"], change["replicas"]
                wanted_now = Expected(name, replicas, change["image"], "addressbook-lb")
                known = expected.get(name)
                if known is None or replace(known, applied=False) != wanted_now:
                    expected[name] = wanted_now
        for name, each in expected.items():
            if not each.replicas:
                continue  # it is being deleted
            if as_expected(moment.objects, each):
                expected[name] = replace(each, applied=True)
            findings = diagnose(moment.objects, expected[name])
            assert [f.sentence for f in findings if f.doomed] == [], moment.at
            looks += 1
    assert looks > 200
    assert all(each.applied for each in expected.values() if each.replicas)


@pytest.mark.parametrize(
    ("capture", "track"),
    [
        ("canary", "canary"),
        ("canary", "stable"),
        ("stable", "stable"),
        ("rolling", "stable"),
        ("terminating", "canary"),
        ("terminating", "stable"),
        ("unobserved", "stable"),
    ],
)
def test_a_healthy_capture_dooms_nothing(captured: Captured, capture: str, track: str) -> None:
    seen = captured(capture)
    name = f"addressbook-{track}"
    deployment = seen.deployments[name]
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    objects = Objects(
        Snapshot(
            seen.deployments,
            pods={each["metadata"]["name"]: each for each in seen.pods},
            endpoint_slices={each["metadata"]["name"]: each for each in seen.slices},
        )
    )
    expected = Expected(name, deployment["spec"]["replicas"], image, "addressbook-lb", applied=True)
    assert not any(finding.doomed for finding in diagnose(objects, expected))


@pytest.mark.parametrize(
    ("capture", "code", "words"),
    [
        ("exited", "ContainerExited", "addressbook-canary exits with code 3 as soon as it starts"),
        ("crashing", "ContainerExited", "addressbook-canary exits with code 3 as soon as it start"),
    ],
)
def test_objects_alone_tell_without_events_logs_and_replica_sets(
    captured: Captured, capture: str, code: str, words: str
) -> None:
    seen = captured(capture)
    deployment = seen.deployments[CANARY]
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    pods = {each["metadata"]["name"]: each for each in seen.pods}
    objects = Objects(Snapshot(seen.deployments, pods=pods))
    found = diagnose(objects, Expected(CANARY, 1, image))
    assert found[0].code == code
    assert found[0].sentence.startswith(words)


def test_the_container_that_fails_is_named_where_a_pod_has_several(captured: Captured) -> None:
    seen = captured("containers")
    deployments = {"sidecar-canary": seen.deployments["sidecar-canary"]}
    image = seen.pod("sidecar")["spec"]["containers"][0]["image"]
    pods = {each["metadata"]["name"]: each for each in seen.pods}
    objects = Objects(Snapshot(deployments, pods=pods))
    (finding,) = diagnose(objects, Expected("sidecar-canary", 1, image))
    assert finding.sentence == (
        "sidecar-canary's container proxy exits with code 3 as soon as it starts"
    )
    assert finding.where.endswith(", container proxy")


# What a finding says beside its sentence


def test_a_finding_names_place_evidence_and_next_step() -> None:
    finding = first("exits")
    assert re.fullmatch(r"pod addressbook-canary-\S+, container addressbook", finding.where)
    assert finding.evidence == "log:\nstarting\npanic: config key SESSION_SALT is missing"
    assert re.fullmatch(r"kubectl logs addressbook-canary-\S+ -c addressbook", finding.next)


@pytest.mark.parametrize(
    ("name", "likely"),
    [
        (
            "never",
            "it was never loaded into this cluster, which has addressbook:4b03630abd2a-41c3ad, "
            "addressbook:e2cc82ee3aa1-41c3ad, addressbook:named and 3 more",
        ),
        ("pull-no-host", "no image of that name was ever loaded into this cluster"),
        ("invalid-name", "repository name (library/Addressbook) must be lowercase"),
        ("readiness-port", "the container names port 3000 (http), and not 8080"),
        ("readiness-port-name", "the container names port 3000 (http), and not web"),
        ("startup-short", "the probe allows 3 s for the start, failureThreshold times period"),
        ("exec-format", "the image is built for another processor, or its command is a script"),
        ("oom-at-start", "its memory limit of 4Mi is too low for any process"),
        ("service-port-name", "they name 3000 (http)"),
        ("exits", ""),
    ],
)
def test_a_likely_cause_is_told_where_the_objects_show_it(name: str, likely: str) -> None:
    found = first(name).likely
    assert found.startswith(likely) if likely else not found


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("readiness-404", "mend readinessProbe.httpGet.path, or let the app answer it"),
        ("readiness-port-name", "mend the port of readinessProbe, or name it in the container's p"),
        ("oom", "raise resources.limits.memory of container addressbook, or let it use less"),
        ("no-secret", "make the Secret payment, or mend its name in the template"),
        ("no-command", "mend the command of container addressbook"),
        ("cpus", "ask for less in resources.requests, or rehearse on a larger node"),
        ("node-selector", "mend nodeSelector or affinity, or label a node"),
        ("quota-memory", "ask for less in resources, or have the quota raised"),
        ("pull-denied", "see that the pod's imagePullSecrets name a Secret with a login"),
        ("deleted", "see who else works in this namespace, and rehearse again"),
        ("readiness-500", "kubectl logs addressbook-canary-"),
    ],
)
def test_the_next_step_is_one_that_helps(name: str, step: str) -> None:
    assert first(name).next.startswith(step)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pull-denied", "401 Unauthorized"),
        ("no-command", 'exec: "/srv/start": stat /srv/start: no such file or directory'),
        ("readiness-500", "HTTP probe failed with statuscode: 500"),
        ("post-start", 'exited with 1: , message: "no'),
        ("cpus", "0/1 nodes are available: 1 Insufficient cpu."),
        ("pod-security", "is forbidden: violates PodSecurity"),
    ],
)
def test_the_evidence_is_in_kubernetes_own_words(name: str, words: str) -> None:
    assert words in first(name).evidence


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("scaled", "by kubectl, which scaled it"),
        ("image-changed", "by kubectl-set"),
        ("paused", ""),
    ],
)
def test_who_changed_a_deployment_is_named_where_its_fields_tell(name: str, who: str) -> None:
    seen = end(name)
    expected = replace(applied(name), replicas=1)
    deployment = dict(seen.snapshot.deployments[CANARY])
    found = diagnose(changed(seen, deployments={CANARY: deployment}), expected)
    assert found[0].code == "DeploymentChanged"
    assert found[0].seen == who


def test_an_autoscaler_is_called_one() -> None:
    def scaled(objects: Objects) -> None:
        for entry in objects.snapshot.deployments[CANARY]["metadata"]["managedFields"]:
            if entry.get("subresource") == "scale":
                entry["manager"] = "kube-controller-manager"

    finding = diagnosed("scaled", scaled)
    assert finding.seen == "by an autoscaler (HorizontalPodAutoscaler)"


def test_a_deployment_that_is_not_applied_yet_is_slow() -> None:
    expected = replace(applied("image-changed"), applied=False)
    (finding,) = diagnose(end("image-changed"), expected)
    assert (finding.code, finding.doomed) == ("DeploymentDiffers", False)
    assert finding.sentence == (
        "addressbook-canary has image addressbook:4b03630abd2a-41c3ad "
        "instead of addressbook:e2cc82ee3aa1-41c3ad"
    )
    (absent,) = diagnose(Objects(), expected)
    assert (absent.code, absent.doomed) == ("DeploymentMissing", False)
    assert absent.sentence == "there is no Deployment addressbook-canary"


def test_a_deployment_on_its_way_out_is_changed() -> None:
    def deleting(objects: Objects) -> None:
        objects.snapshot.deployments[CANARY]["metadata"]["deletionTimestamp"] = (
            "2026-01-01T00:00:00Z"
        )

    assert diagnosed("healthy", deleting).sentence.endswith("it is being deleted")


def test_a_paused_deployment_rolls_nothing_out() -> None:
    seen = end("paused")
    spec = seen.snapshot.deployments[CANARY]["spec"]
    image = spec["template"]["spec"]["containers"][0]["image"]
    (finding,) = diagnose(seen, Expected(CANARY, 1, image))
    assert (finding.code, finding.doomed) == ("DeploymentPaused", True)
    assert finding.sentence == "addressbook-canary is paused, so its new template is not rolled out"
    spec["paused"] = False
    assert diagnose(seen, Expected(CANARY, 1, image)) == []


def test_the_deployments_own_deadline_ends_what_was_slow_until_then() -> None:
    findings = told("progress-deadline")[-1].findings
    assert [(f.code, f.doomed) for f in findings] == [
        ("ReadinessProbe", True),
        ("ProgressDeadlineExceeded", True),
    ]
    assert findings[0].seen.endswith("made no progress for 5 s, its own progressDeadlineSeconds")
    before = next(t for t in told("progress-deadline") if t.findings[0:1] and t.at > 1)
    assert not before.doomed


def test_an_old_deadline_says_nothing_about_a_new_spec() -> None:
    def applied_again(objects: Objects) -> None:
        objects.snapshot.deployments[CANARY]["metadata"]["generation"] += 1

    objects = end("progress-deadline")
    applied_again(objects)
    codes = [finding.code for finding in diagnose(objects, applied("progress-deadline"))]
    assert codes == ["ReadinessProbe", "NotObserved"]


# Several pods, several troubles


def test_pods_that_suffer_from_the_same_are_one_finding() -> None:
    objects = end("two-replicas-exit")
    (finding,) = diagnose(objects, applied("two-replicas-exit"))
    assert finding.where.endswith(", container addressbook, and 2 more pods")
    one, other, _ = objects.snapshot.pods
    objects = changed(objects, pods={name: objects.snapshot.pods[name] for name in (one, other)})
    (finding,) = diagnose(objects, applied("two-replicas-exit"))
    assert finding.where.endswith(", and 1 more pod")


def test_pods_that_differ_only_in_their_last_words_are_one_finding() -> None:
    objects = end("two-replicas-exit")
    logs = {key: f"panic: at 12:00:0{number}" for number, key in enumerate(objects.logs)}
    assert len(diagnose(replace(objects, logs=logs), applied("two-replicas-exit"))) == 1


def test_doomed_is_told_before_slow() -> None:
    objects = end("service-port-number")
    broken = end("no-secret")
    mixed = changed(broken, services=objects.snapshot.services)
    expected = replace(applied("no-secret"), service="addressbook-lb")
    assert [(f.code, f.doomed) for f in diagnose(mixed, expected)] == [
        ("CreateContainerConfigError", True),
        ("ServicePort", False),
    ]


def test_pods_of_an_older_template_are_not_looked_at() -> None:
    objects = end("exits")
    deployment = objects.snapshot.deployments[CANARY]
    deployment["spec"]["template"]["metadata"]["labels"]["new"] = "yes"
    assert diagnose(objects, applied("exits")) == []


def test_pods_on_their_way_out_are_not_looked_at() -> None:
    def going(objects: Objects) -> None:
        pod(objects)["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"

    objects = end("exits")
    going(objects)
    assert diagnose(objects, applied("exits")) == []


# Logs


def test_the_log_of_a_container_that_ended_is_wanted() -> None:
    asked = []
    for moment in play("exits"):
        for key in wanted_logs(moment.objects, applied("exits")):
            if key not in asked:
                asked.append(key)
    ((name, container, previous), *others) = asked
    assert (container, previous) == ("addressbook", False)
    assert others == [(name, "addressbook", True)]


@pytest.mark.parametrize("name", ["healthy", "no-command", "never", "cpus", "deleted"])
def test_no_log_is_wanted_where_nothing_ran_or_all_is_well(name: str) -> None:
    assert wanted_logs(end(name), applied(name)) == []


@pytest.mark.parametrize(
    "said",
    [
        "unable to retrieve container logs for containerd://6c23",
        'failed to try resolving symlinks in path "/var/log/pods/x/0.log": lstat /var/log/pods/x/'
        "0.log: no such file or directory",
    ],
)
def test_what_the_kubelet_says_in_place_of_a_log_is_none(said: str) -> None:
    objects = end("exits")
    logs = dict.fromkeys(objects.logs, said)
    (finding,) = diagnose(replace(objects, logs=logs), applied("exits"))
    assert finding.sentence == "addressbook-canary exits with code 3 as soon as it starts"
    assert finding.evidence == ""


def test_the_log_of_the_run_before_is_shown_where_it_differs() -> None:
    objects = end("exits")
    name = next(iter(objects.snapshot.pods))
    status(objects)["state"] = {"terminated": status(objects)["lastState"]["terminated"]}
    logs = {(name, "addressbook", False): "two", (name, "addressbook", True): "one\nfailed"}
    (finding,) = diagnose(replace(objects, logs=logs), applied("exits"))
    assert finding.evidence == "log:\ntwo\nlog of the run before:\none\nfailed"
    logs[name, "addressbook", False] = ""
    (finding,) = diagnose(replace(objects, logs=logs), applied("exits"))
    assert finding.sentence.endswith(['"one\nfailed"'][0][:1] + 'failed"')


def test_only_the_last_lines_of_a_log_are_shown() -> None:
    objects = end("exits")
    logs = {key: "\n".join(map(str, range(99))) for key in objects.logs}
    (finding,) = diagnose(replace(objects, logs=logs), applied("exits"))
    assert finding.evidence.splitlines() == ["log:", *map(str, range(79, 99))]
