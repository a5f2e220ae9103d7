"""What a finding says beside its sentence, and of which pods and logs it is made."""

import re
from dataclasses import replace

import pytest
from fakes.recordings import CANARY, applied, changed, end, first, play, pod, status

from pytest_canary.diagnosis import Objects, diagnose, wanted_logs


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
