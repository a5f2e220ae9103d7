"""Containers that can't be had, started or kept running: recorded ends, and changes to them."""

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from fakes.recordings import (
    CANARY,
    applied,
    changed,
    diagnosed,
    end,
    pod,
    spec,
    status,
    told,
    writable,
)

from pytest_canary.diagnosis import Objects, diagnose
from pytest_canary.k8s.image_names import full_name

# Images


def said(objects: Objects, message: str, number: int = 1) -> None:
    """Let the kubelet have said this of its tries to pull."""
    for event in writable(objects.snapshot.events).values():
        if event["message"].startswith("Failed to pull image"):
            event["message"] = f'Failed to pull image "{spec(objects)["image"]}": {message}'
            event["count"] = number


@pytest.mark.parametrize(
    ("message", "doomed", "words"),
    [
        ("dial tcp: lookup registry.example.invalid: no such host", True, "there is no registry"),
        ("manifest unknown", True, "the registry has no such image"),
        ("tls: failed to verify certificate: x509: unknown authority", True, "does not trust"),
        ("http: server gave HTTP response to HTTPS client", True, "does not trust the registry"),
        ("no match for platform in manifest: not found", True, "the registry has no such image"),
        ("no matching manifest for linux/arm64", True, "built for another platform"),
        ("pull access denied, insufficient_scope: authorization failed", True, "refuses it to"),
        ("unexpected status 502 Bad Gateway", False, "the registry is in trouble"),
        ("net/http: TLS handshake timeout: context deadline exceeded", False, "does not answer"),
        ("something new", False, "can't be pulled, see below"),
    ],
)
def test_a_registrys_no_dooms_and_a_hiccup_does_not(message: str, doomed: bool, words: str) -> None:
    finding = diagnosed("pull-denied", lambda objects: said(objects, message))
    assert finding.doomed is doomed
    assert words in finding.sentence
    again = diagnosed("pull-denied", lambda objects: said(objects, message, number=2))
    assert again.doomed
    assert again.seen == "tried twice"


@pytest.mark.parametrize(
    "image",
    [
        "registry.example.com/certificate-api:1",
        "registry.example.com/page/not-found:denied",
        "denied.example.com:5000/x509/unauthorized:1",
        "unauthorized:1",
    ],
)
@pytest.mark.parametrize(
    ("message", "doomed", "words"),
    [
        (
            'failed to resolve reference "{full}": failed to do request: Head '
            '"https://{host}/v2/{path}/manifests/{tag}": dial tcp 10.0.0.1:443: i/o timeout',
            False,
            "the registry does not answer",
        ),
        (
            "unexpected status from HEAD request to https://{host}/v2/{path}/manifests/{tag}: 502 "
            "Bad Gateway",
            False,
            "the registry is in trouble",
        ),
        (
            "pulling from host {host} failed with status code [manifests {tag}]: 429 Too Many "
            "Requests",
            False,
            "the registry is asked too often",
        ),
        (
            'failed to resolve reference "{full}": {full}: not found',
            True,
            "the registry has no such image",
        ),
        ("pull access denied, repository does not exist", True, "the registry refuses it to"),
    ],
)
def test_an_images_own_name_means_nothing(
    image: str, message: str, doomed: bool, words: str
) -> None:
    full = full_name(image)
    host, _, rest = full.partition("/")
    path, _, tag = rest.rpartition(":")

    def named(objects: Objects) -> None:
        spec(objects)["image"] = image
        said(objects, message.format(full=full, host=host, path=path, tag=tag))

    finding = diagnosed("pull-denied", named)
    assert finding.doomed is doomed
    assert f"can't be pulled, {words}" in finding.sentence


def test_a_pull_is_told_by_the_status_too_where_events_are_gone() -> None:
    finding = diagnosed("pull-denied", events={})
    assert finding.doomed
    assert "the registry wants a login" in finding.sentence


def test_a_pull_that_goes_on_is_slow() -> None:
    def pulling(objects: Objects) -> None:
        status(objects)["state"] = {"waiting": {"reason": "ContainerCreating"}}

    objects = end("pull-denied")
    told_so = {n: e for n, e in objects.snapshot.events.items() if e["reason"] == "Pulling"}
    finding = diagnosed("pull-denied", pulling, events=told_so)
    assert (finding.code, finding.doomed) == ("Pulling", False)
    assert finding.sentence == (
        "addressbook-canary waits for its node to pull image localhost:5401/addressbook:9"
    )
    ended = {**told_so, "pulled": {**next(iter(told_so.values())), "reason": "Pulled"}}
    pulling(objects)
    assert diagnose(changed(objects, events=ended), applied("pull-denied")) == []


def test_a_login_that_is_not_there_is_named() -> None:
    keys = end("pull-denied").keys or {}
    left = {named: found for named, found in keys.items() if named != "Secret registry"}
    assert diagnosed("pull-denied", keys=left).likely == (
        "the pod's imagePullSecrets name registry, which isn't there"
    )

    def without(objects: Objects) -> None:
        del pod(objects)["spec"]["imagePullSecrets"]

    assert diagnosed("pull-denied", without).likely == "the pod has no imagePullSecrets"
    assert "imagePullSecrets" not in diagnosed("pull-denied", keys=None).likely


@pytest.mark.parametrize("held", ["addressbook:9", "docker.io/library/addressbook:9"])
def test_an_image_that_came_after_the_kubelets_look_is_slow(held: str) -> None:
    finding = diagnosed("never", images=frozenset([held]))
    assert not finding.doomed
    assert finding.sentence.endswith("; the node has got it since")
    assert finding.likely == "it was loaded a moment too late"


def test_an_image_that_is_held_and_asked_for_all_the_same_is_doomed() -> None:
    held = frozenset(["localhost:5000/addressbook:9"])
    assert not diagnosed("pull-not-found", images=held).doomed

    def always(objects: Objects) -> None:
        spec(objects)["imagePullPolicy"] = "Always"

    finding = diagnosed("pull-not-found", always, images=held)
    assert finding.doomed
    assert (
        finding.likely
        == "the node has it, but imagePullPolicy Always asks the registry all the same"
    )
    assert finding.next == "let imagePullPolicy be IfNotPresent"


def test_nothing_is_said_of_images_that_nobody_has_listed() -> None:
    assert diagnosed("never", images=None).likely == ""


# Ends


def ended(**state: Any) -> Callable[[Objects], None]:
    """Let the container's last end have been like this."""

    def change(objects: Objects) -> None:
        for kind in ("state", "lastState"):
            if "terminated" in status(objects)[kind]:
                status(objects)[kind]["terminated"].update(state)

    return change


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (139, "is ended by signal 11 (SIGSEGV)"),
        (143, "is ended by signal 15 (SIGTERM)"),
        (255, "exits with code 255"),
        (1, "exits with code 1"),
    ],
)
def test_an_exit_code_above_128_is_a_signal_where_there_is_one(code: int, words: str) -> None:
    assert words in diagnosed("exits", ended(exitCode=code)).sentence


def test_a_container_without_limit_is_killed_for_its_nodes_sake() -> None:
    def unlimited(objects: Objects) -> None:
        del spec(objects)["resources"]["limits"]

    finding = diagnosed("oom", unlimited)
    assert finding.sentence == (
        "addressbook-canary was killed as its node ran out of memory, for it has no memory limit"
    )


def test_a_killed_process_is_put_down_to_its_liveness_probe() -> None:
    failed = {
        "type": "Warning",
        "reason": "Unhealthy",
        "message": "Liveness probe failed: HTTP probe failed with statuscode: 404",
    }

    def unhealthy(objects: Objects) -> None:
        ended(exitCode=137)(objects)
        for event in writable(objects.snapshot.events).values():
            event.update(failed)

    assert diagnosed("exits", unhealthy).likely == (
        "its liveness probe failed, for which the kubelet ends it"
    )


def test_the_image_is_suspected_where_another_deployment_runs_with_the_same_settings() -> None:
    def beside(objects: Objects) -> None:
        deployments = writable(objects.snapshot.deployments)
        stable = copy.deepcopy(deployments[CANARY])
        stable["metadata"]["name"] = "addressbook-stable"
        stable["spec"]["template"]["spec"]["containers"][0]["image"] = "addressbook:1"
        stable["status"]["readyReplicas"] = 2
        deployments["addressbook-stable"] = stable

    suspect = "addressbook-stable runs with the same settings, so look at what changed in the image"
    assert diagnosed("exits", beside).likely == suspect

    def not_ready(objects: Objects) -> None:
        beside(objects)
        del objects.snapshot.deployments["addressbook-stable"]["status"]["readyReplicas"]

    def of_other_settings(objects: Objects) -> None:
        beside(objects)
        stable = objects.snapshot.deployments["addressbook-stable"]
        stable["spec"]["template"]["spec"]["containers"][0]["env"] = []

    assert diagnosed("exits", not_ready).likely == ""
    assert diagnosed("exits", of_other_settings).likely == ""


def test_a_container_that_starts_after_all_is_not_told_to_be_unstartable() -> None:
    def running(objects: Objects) -> None:
        status(objects)["state"] = {"running": {"startedAt": "2026-11-23T04:42:30Z"}}

    objects = end("no-command")
    running(objects)
    assert diagnose(objects, applied("no-command")) == []


def test_a_runtime_that_stumbles_once_is_slow() -> None:
    message = "failed to create shim task: ttrpc: closed: unknown"

    def stumbled(objects: Objects) -> None:
        status(objects)["state"] = {"waiting": {"reason": "RunContainerError", "message": message}}
        status(objects)["restartCount"] = 0
        ended(message=message)(objects)

    finding = diagnosed("no-command", stumbled)
    assert (finding.sentence, finding.doomed) == ("addressbook-canary can't start: closed", False)


def test_a_process_killed_before_it_begins_is_short_of_memory() -> None:
    def killed(objects: Objects) -> None:
        ended(message="container init was OOM-killed (memory limit too low?)")(objects)

    finding = diagnosed("oom-at-start", killed)
    assert (finding.code, finding.doomed) == ("OOMKilled", True)
    assert finding.sentence == "addressbook-canary can't start within its memory limit of 4Mi"


def test_an_init_container_that_goes_on_is_told_after_a_while() -> None:
    objects = end("init-hangs")
    assert diagnose(objects, applied("init-hangs")) == []
    later = replace(objects, now=datetime(2026, 11, 23, 4, 42, tzinfo=UTC))
    (finding,) = diagnose(later, applied("init-hangs"))
    assert (finding.code, finding.doomed) == ("InitContainerRuns", False)
    assert finding.sentence == (
        "addressbook-canary waits for its init container prepare, which has been running for 11 s"
    )


# Settings


def test_a_secret_that_is_there_is_waited_for() -> None:
    found = told("secret-late", step=0)
    assert [(t.doomed, [f.sentence for f in t.findings]) for t in found[-3:]] == [
        (True, ["addressbook-canary can't start: there is no Secret payment"]),
        (False, ["addressbook-canary can't start: the kubelet does not see Secret payment yet"]),
        (False, []),
    ]


@pytest.mark.parametrize("name", ["no-secret", "no-secret-key", "no-secret-volume"])
def test_a_reference_is_slow_where_nobody_has_looked(name: str) -> None:
    finding = diagnosed(name, keys=None)
    assert not finding.doomed
    assert "there is no " in finding.sentence


def test_what_every_namespace_gets_by_itself_is_waited_for() -> None:
    def late(objects: Objects) -> None:
        for event in writable(objects.snapshot.events).values():
            event["message"] = event["message"].replace(
                'secret "certs"', 'configmap "kube-root-ca.crt"'
            )

    assert not diagnosed("no-secret-volume", late, keys={}).doomed


def test_a_volume_that_fails_for_another_reason_is_slow_and_in_kubernetes_words() -> None:
    words = "failed to sync secret cache: timed out waiting for the condition"

    def unsynced(objects: Objects) -> None:
        for event in writable(objects.snapshot.events).values():
            event["message"] = f'MountVolume.SetUp failed for volume "certs" : {words}'

    finding = diagnosed("no-secret-volume", unsynced)
    assert (finding.doomed, finding.sentence) == (False, f"addressbook-canary can't start: {words}")


def test_a_mount_that_failed_once_is_forgotten_when_the_container_runs() -> None:
    objects = end("no-secret-volume")
    status(objects)["state"] = {"running": {"startedAt": "2026-11-23T04:45:12Z"}}
    assert diagnose(objects, applied("no-secret-volume")) == []


def test_an_image_that_runs_as_root_is_refused() -> None:
    def root(objects: Objects) -> None:
        state = status(objects)["state"]["waiting"]
        state["message"] = "container has runAsNonRoot and image will run as root (pod: x)"

    finding = diagnosed("named-user", root)
    assert finding.doomed
    assert finding.sentence.endswith("runAsNonRoot is set, and its image runs as root")
