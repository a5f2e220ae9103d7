"""Why a rollout does not come to its end, on objects that a real API server gave.

Each recording is what a watch told while one fault was provoked; see fixtures/objects/README.md.
"""

import pytest
from fakes import recordings
from fakes.recordings import first, told

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
    ("silent", "ContainerExited", False, "exits with code 1 as soon as it starts"),
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
    # Probes
    (
        "readiness-404",
        "ReadinessProbe",
        False,
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
    others |= {"evicted"}
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


@pytest.mark.parametrize("name", HEALTHY)
def test_what_heals_dooms_nothing_at_any_moment(name: str) -> None:
    found = told(name, step=0)
    assert [(t.at, f.sentence) for t in found for f in t.findings if f.doomed] == []
