"""Assertions made to fail on a real cluster: one walk, sabotaged behind its back, test by test.

Every assertion's failure is in tests/unit; these are the ones in which a real Kubernetes, a real
PostgreSQL or a real engine has a say. Each test mends what it broke; the last two don't have to.
"""

from __future__ import annotations

import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import docker
import pytest
import yaml
from acceptance.homes import noted
from acceptance.projects import Project, addressbook_tables, inside, needed
from acceptance.rehearsals import (
    adapted,
    ask,
    changed,
    expect_no_more,
    obey,
    patience,
    rehearsal,
)

from pytest_canary.cluster.container_engine import KIND_LABEL
from pytest_canary.cluster.engine import Engine
from pytest_canary.cluster.image_loading import CTR
from pytest_canary.cluster.run import Run
from pytest_canary.context import expect
from pytest_canary.context.outcomes import CanaryOutcome
from pytest_canary.core.errors import CanaryError, ReleaseError, WaitTimeoutError
from pytest_canary.core.waiting import Seen
from pytest_canary.k8s.image_names import full_name
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.registry.pull_secret import pull_secret
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.stages import canary, cleanup, cluster, migration

# A migration that works where it is tried out, and does nothing where it counts.
LAZY = (
    "case $DB_SCHEMA in canary_fresh_*) exec python -m addressbook migrate;; esac; "
    "echo nothing to do"
)


@pytest.fixture(scope="module")
def walk(
    shared: Project, releases: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rehearsal]:
    """A walk that stands at the stage `canary`; its waits are short from there on."""
    folder = tmp_path_factory.mktemp("sabotage")
    with rehearsal(shared, folder, releases, addressbook_tables()) as walk:
        walk.enter("canary")
        expect.write_and_read(walk.context)
        obey(walk, adapted(walk.plan.settings, deadlines={"rollout": 5}))
        yield walk


def failure(
    walk: Rehearsal, check: Callable[..., None], kind: type[CanaryError] = CanaryError
) -> CanaryError:
    """What the check fails with, once the cluster has followed: watches and kube-proxy lag.

    Args:
        walk: is looked at.
        check: fails.
        kind: of error; of another kind it may fail first, where the machine is busy.
    """

    def look() -> Seen[CanaryError | None]:
        try:
            ask(walk, check)
        except kind as error:
            return Seen("", True, error)
        except CanaryError as error:
            return Seen(error.sentence, False, None)
        return Seen("it holds all the same", False, None)

    found = walk.workspace.waiter.until(f"{check.__name__} to fail", look, timeout=120)
    assert found
    return found


def mended(walk: Rehearsal, check: Callable[..., None]) -> None:
    """Wait until the check holds again; it may give up on what a watch has not told yet."""

    def look() -> Seen[None]:
        try:
            ask(walk, check)
        except CanaryError as error:
            return Seen(error.sentence, False, None)
        return Seen("", True, None)

    walk.workspace.waiter.until(f"{check.__name__} to hold again", look, timeout=120)


def select(walk: Rehearsal, deployment: str | None) -> None:
    """Let the Service select one Deployment's pods only; both, where none is named."""
    patch = {"spec": {"selector": {"deployment": deployment}}}
    walk.context.release.kubectl(
        "patch", "service", walk.plan.settings.service_name, "-p", json.dumps(patch)
    )


def test_what_the_cluster_leads_to_a_pod_that_is_gone_is_told_and_fails_nothing(
    walk: Rehearsal, engine: docker.DockerClient
) -> None:
    """The first of all, as the others lose requests too."""
    context, lost = walk.context, walk.context.app.traffic.lost
    assert context.cluster.node
    controllers = partial(inside, engine, context.cluster.node, "pkill")
    pod = context.release.ready_pod(STABLE)["metadata"]["name"]

    def look() -> Seen[None]:
        seen = context.app.traffic.lost - lost
        return Seen(f"{seen} were lost", bool(seen), None)

    controllers("-STOP", "kube-controller")
    try:
        context.release.kubectl("delete", "pod", pod, "--wait=false")
        walk.workspace.waiter.until("a request to be lost", look, timeout=120)
    finally:
        controllers("-CONT", "kube-controller")

    with patience(walk):
        ask(walk, canary.no_request_is_lost)
        ask(walk, canary.stable_is_ready)
    found = [each.finding for each in walk.journal.warnings if each.stage == "canary"]
    print(found)
    (told,) = found
    assert told.code == "late-endpoints"
    assert re.match(r"the cluster went on sending connections to a pod for \d+ s ", told.sentence)
    assert told.evidence.startswith(f"pod {pod} was told to end ")


def test_stable_scaled_behind_the_harness_is_told_at_the_deadline(walk: Rehearsal) -> None:
    with patience(walk):
        ask(walk, canary.stable_is_ready)
    walk.context.release.scale(STABLE, 3)

    # Who hears of it while it waits tells that somebody has changed it.
    told = failure(walk, canary.stable_is_ready, WaitTimeoutError).sentence

    assert told.startswith(
        "waited 5 s for 2/2 of addressbook-stable, which did not come; "
        "last seen: addressbook-stable "
    )
    assert f"/2 ready of {walk.context.baseline.image}, 3 wanted" in told
    walk.context.release.scale(STABLE, 2)
    with patience(walk):
        ask(walk, canary.stable_is_ready)
        walk.context.release.wait_until_ended()


def test_a_deleted_row_is_named(walk: Rehearsal) -> None:
    ask(walk, canary.canary_works)
    ask(walk, canary.nothing_is_lost)
    row = walk.journal.writes.acknowledged[-1]
    walk.context.database.query(f"delete from person where first_name = '{row.unique}'")

    told = failure(walk, canary.nothing_is_lost)

    # The traffic goes on, and its writes are acknowledged meanwhile.
    assert re.match(
        r"1 of \d+ acknowledged writes can't be read back from the Service; "
        rf"the first: {re.escape(row.shown)} is missing; ",
        told.sentence,
    )
    assert told.evidence == f"{row.shown} is missing"
    expect_no_more(walk, row)
    ask(walk, canary.nothing_is_lost)


def test_a_row_that_is_there_twice_is_named(walk: Rehearsal) -> None:
    row = walk.journal.writes.acknowledged[0]
    names = "first_name, last_name"
    walk.context.database.query(
        f"insert into person ({names}) select {names} from person where first_name = '{row.unique}'"
    )

    told = failure(walk, canary.nothing_is_lost).sentence

    assert f"the first: {row.shown} is there " in told
    walk.context.database.query(
        f"delete from person where first_name = '{row.unique}' "
        f"and id > (select min(id) from person where first_name = '{row.unique}')"
    )
    ask(walk, canary.nothing_is_lost)


def test_a_canary_that_the_service_does_not_select_is_named(walk: Rehearsal) -> None:
    with patience(walk):
        ask(walk, canary.service_selects)
    select(walk, "addressbook-stable")

    told = failure(walk, canary.service_selects).sentence
    assert told == (
        "Service addressbook-lb selects no pod of addressbook-canary: it selects "
        "deployment=addressbook-stable, and they have deployment=addressbook-canary"
    )
    assert failure(walk, canary.both_answer, ReleaseError).sentence == (
        "version 2 answered none of 300 connections; answered by 1 (300); "
        "see whether the Service selects its pods"
    )

    select(walk, None)
    mended(walk, canary.service_selects)


def test_without_a_header_the_node_tells_who_gets_connections(walk: Rehearsal) -> None:
    with changed(walk, api={"version_header": None}):
        with patience(walk):
            ask(walk, canary.both_answer)
            ask(walk, canary.share_is_fair)
        select(walk, "addressbook-stable")
        # An app that is too slow for so many connections is none of this.
        told = failure(walk, canary.both_answer, ReleaseError).sentence
    select(walk, None)
    mended(walk, canary.service_selects)
    walk.journal.outcome(CanaryOutcome).sample.clear()
    assert re.fullmatch(
        r"none of (\d+) connections went to canary pods; they went to stable pods \(\1\); "
        r"see whether the Service selects its pods",
        told,
    )


def test_a_share_that_is_not_the_replicas_is_told(walk: Rehearsal) -> None:
    """A second canary that nobody has asked for."""
    walk.context.release.scale(CANARY, 2)
    with patience(walk):
        walk.context.release.rollouts.wait_until_settled(CANARY, 2, walk.context.candidate)
        ask(walk, canary.service_selects)
    # Half of them is far outside of what 300 connections make of a third, for one run in 100,000.
    walk.journal.outcome(CanaryOutcome).sample.clear()
    told = failure(walk, canary.share_is_fair).sentence
    assert told.startswith("the canary takes ")
    assert "where 1 of 3 replicas make 33 %; see the Service's sessionAffinity" in told
    assert "addressbook-canary 2/1 ready of" in failure(walk, canary.canary_is_ready).sentence
    walk.context.release.scale(CANARY, 1)
    with patience(walk):
        ask(walk, canary.canary_is_ready)
        walk.context.release.wait_until_ended()


def test_a_version_that_can_not_read_the_schema_is_told_by_its_pod(walk: Rehearsal) -> None:
    walk.context.database.query("alter table person rename to persons")

    told = failure(walk, canary.stable_works)

    pod = walk.context.release.ready_pod(STABLE)["metadata"]["name"]
    assert told.sentence.startswith(f"PUT /person of pod {pod} answers with status 5")
    assert told.evidence.startswith("PUT /person -> 5")
    walk.context.database.query("alter table persons rename to person")
    ask(walk, canary.stable_works)


def test_a_deleted_pull_secret_is_named(walk: Rehearsal) -> None:
    ask(walk, cluster.registry_secrets_are_there)
    walk.context.release.kubectl("delete", "secret", "registry")

    told = failure(walk, cluster.registry_secrets_are_there).sentence

    assert told == (
        "deployment.yml names imagePullSecrets that are not in namespace "
        f"{walk.context.namespace.name}: registry; without them pods can't pull from a registry "
        "that asks for a password"
    )
    walk.context.namespace.add(pull_secret("registry", None, None))
    ask(walk, cluster.registry_secrets_are_there)


def test_an_image_that_the_node_does_not_have_is_named(walk: Rehearsal) -> None:
    ask(walk, cluster.candidate_is_there)
    image, node = walk.context.candidate.image, walk.context.cluster.node
    ctr = ["docker", "exec", node, *CTR, "images"]
    aside = "docker.io/library/aside:1"
    walk.workspace.processes.run([*ctr, "tag", full_name(image), aside], timeout=60)
    walk.workspace.processes.run([*ctr, "rm", full_name(image)], timeout=60)

    told = failure(walk, cluster.candidate_is_there)

    assert told.sentence == (
        f"{image}, the candidate's image, is not on {node}, so its pods would have to pull it"
    )
    assert full_name(walk.context.baseline.image) in told.evidence
    walk.workspace.processes.run([*ctr, "tag", aside, full_name(image)], timeout=60)
    ask(walk, cluster.candidate_is_there)


def test_an_image_that_the_node_holds_is_not_sent_again(walk: Rehearsal) -> None:
    """The engine knows none of this name, and so can't send it."""
    found = Engine().find(walk.context.candidate.image)
    assert found
    image, node = replace(found, ref="addressbook:again"), walk.context.cluster.node

    Engine().load([image], node, timeout=60)

    images = ["docker", "exec", node, *CTR, "images"]
    names = walk.workspace.processes.read([*images, "ls", "-q"], timeout=60).split()
    assert full_name(image.ref) in names
    walk.workspace.processes.run([*images, "rm", full_name(image.ref)], timeout=60)
    ask(walk, cluster.candidate_is_there)


def test_a_migration_that_does_nothing_and_exits_with_0_is_told(walk: Rehearsal) -> None:
    """After this the walk stands at the stage `migration`."""
    obey(walk, adapted(walk.plan.settings, commands={"migrate": ["sh", "-c", LAZY]}))
    with patience(walk):
        walk.enter("migration")
    ask(walk, migration.migrate_succeeds)

    told = failure(walk, migration.schema_is_right)

    assert "exits with code 0 but leaves out " in told.sentence
    assert "of what it makes on an empty database" in told.sentence
    assert "column public.person.search_name text" in told.evidence
    assert told.evidence.endswith("nothing to do")


@contextmanager
def late_node(engine: docker.DockerClient, run: Run, cluster: str) -> Iterator[Callable[[], str]]:
    """Makes what the engine takes for a node of a run's cluster, as often as it is called."""
    name, volume = f"{cluster}-control-plane", f"{cluster}-data"
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def make() -> str:
        engine.containers.run(
            needed("PYTHON_IMAGE"),
            ["sleep", "600"],
            name=name,
            detach=True,
            labels={KIND_LABEL: cluster},
            volumes=[f"/dev/null:{run.record.mount}:ro", f"{volume}:/data"],
            ports={"80/tcp": ("127.0.0.1", port)},
        )
        return name

    try:
        yield make
    finally:
        engine.containers.get(name).remove(force=True)
        engine.volumes.get(volume).remove()


def test_what_outlives_the_cleanup_is_named(
    walk: Rehearsal, engine: docker.DockerClient, homes: Path
) -> None:
    """A node that the engine makes anew once all was removed, and a namespace in no record."""
    run = walk.workspace.run
    name = f"canary-{run.id}"
    entry = [{"name": f"kind-{name}"}]
    users = Path(os.environ["KUBECONFIG"])
    users.write_text(yaml.safe_dump({"contexts": entry, "users": entry}))
    run.note(cluster=name, containers=[], namespace=None)

    def make_again() -> str:
        removed = Seen("there is still its folder", True, None)
        walk.workspace.waiter.until(
            "the run to be removed",
            lambda: replace(removed, done=not run.folder.exists()),
            timeout=120,
        )
        return make()

    with (
        noted(homes, run.record),
        late_node(engine, run, name) as make,
        ThreadPoolExecutor(1) as pool,
    ):
        make()
        again = pool.submit(make_again)
        walk.enter("cleanup")
        node = again.result()

        left, reap = f"run {run.id} left ", "; `pytest --canary-reap` removes them"
        assert failure(walk, cleanup.no_container).sentence == f"{left}containers: {node}{reap}"
        assert failure(walk, cleanup.no_volume).sentence.startswith(f"{left}volumes: {name}-data")
        assert failure(walk, cleanup.no_port).sentence.startswith(f"{left}ports: ")
        for kind in (
            "Deployment addressbook-stable",
            "Pod addressbook-canary-",
            "Secret db-params",
        ):
            assert kind in failure(walk, cleanup.no_object).sentence
        assert failure(walk, cleanup.no_context).sentence == (
            f"{left}contexts: contexts kind-{name} in {users}, users kind-{name} in {users}{reap}"
        )
        for check in (cleanup.no_process, cleanup.no_file, cleanup.no_image):
            ask(walk, check)
