"""A cluster and images are brought up: a real run, scripts for programs, an engine in memory."""

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from fakes.engine import image_id
from fakes.provisions import Bench

from pytest_canary.cluster.account import ACCOUNT_KUBECONFIG
from pytest_canary.cluster.container_engine import Image
from pytest_canary.cluster.prerequisite_images import PrerequisiteImages
from pytest_canary.cluster.provision import Provision
from pytest_canary.config.settings import Settings
from pytest_canary.core.errors import (
    ClusterError,
    CommandError,
    ImageError,
    ReleaseError,
    WaitTimeoutError,
)
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Waiter
from pytest_canary.manifests.version import apply_environment


def test_what_was_made_is_noted_with_its_identity(bench: Bench) -> None:
    run = bench.run()
    bench.engine.network_ids.clear()
    bench.options = replace(
        bench.options,
        kind=bench.program(
            "kind", f"[ $1 = get ] || cp {run.folder}/record.json {bench.folder}/before"
        ),
    )
    bench.bring_up(run)
    before = json.loads((bench.folder / "before").read_text())
    assert (before["cluster"], before["containers"], before["network"]) == ("dev", None, True)
    record = json.loads((run.folder / "record.json").read_text())
    assert record["containers"] == ["node-1"]
    assert record["mark"] in record["cluster_spec"]
    assert record["network_id"] is None, "kind has made none"


def test_a_build_may_take_as_long_as_its_own_limit_says_beside_the_others(
    bench: Bench, configured: Callable[..., Settings]
) -> None:
    run, ended = bench.run(), threading.Event()

    def build() -> Image:
        ended.wait()
        raise ReleaseError("it was stopped")

    deadlines = {"cluster": 1, "image": 0.1}
    settings = configured(name="shop", database={"image": "none"}, deadlines=deadlines)
    plan = replace(bench.plan, settings=settings, options=bench.options)
    made = (plan, run, run, bench.engine, Waiter(), Processes(), ())
    provision = Provision(*made, build, ended.set, build_seconds=0.3)
    with pytest.raises(WaitTimeoutError, match=r"waited 1\.5 s for cluster and images"):
        provision.bring_up()


def test_what_is_about_to_start_as_the_cluster_fails_is_ended_too(bench: Bench) -> None:
    run, failed, told = bench.run(), threading.Event(), []
    bench.options = replace(bench.options, kind=bench.program("kind", "exit 1"))
    processes = Processes()

    def build() -> Image:
        failed.wait()
        time.sleep(0.3)
        try:
            processes.run(["sleep", "5"], timeout=60)
        except CommandError as error:
            told.append(error.sentence)
        raise ReleaseError("it was stopped")

    plan = replace(bench.plan, options=bench.options)
    made = (plan, run, run, bench.engine, Waiter(), processes, ())
    with pytest.raises(ClusterError):
        Provision(*made, build, failed.set).bring_up()
    assert told == ["`sleep 5` was ended by SIGKILL"]


def test_the_network_is_noted_by_its_id_where_the_run_made_it(bench: Bench) -> None:
    run = bench.run()
    run.note(network=True)
    bench.bring_up(run)
    assert run.record.network_id == "network-1"
    other = bench.run()
    bench.bring_up(other, cluster_name="ci")
    assert (other.record.network, other.record.network_id) == (False, None)


def test_it_is_told_where_coredns_is_not_looked_at_every_second(bench: Bench) -> None:
    bench.dns_grace = 30
    bench.program("kind", "[ $1 = get ] || echo ' • Starting control-plane' >&2")
    bench.program("docker", "case $* in *PATCH*) exit 4;; esac")
    assert bench.bring_up(bench.run()).notes == [
        "CoreDNS is looked at every 10 s, not every second: `docker exec dev-control-plane` exited "
        "with code 4"
    ]
    bench.program("docker", "")
    assert bench.bring_up(bench.run(), cluster_name="ci").notes == []


def test_a_cluster_of_which_nothing_could_be_learned_is_not_made_anew(bench: Bench) -> None:
    """A session that ends kills what it has started, and must not end with the cluster's end."""
    bench.options = replace(bench.options, cluster_name=None)
    run = bench.run()
    bench.bring_up(run)
    asked = bench.folder / "programs" / "kind-holds"
    made = asked.read_text()
    killed = bench.program("kubectl-killed", "kill -9 $$")
    assert "was ended by SIGKILL" in bench.refused(run, kubectl=killed)
    assert asked.read_text() == made
    gone = bench.program(
        "kubectl-gone", f"[ $2 != --raw=/readyz ] || exit 1; cat {bench.folder}/view"
    )
    bench.bring_up(run, kubectl=gone)
    assert len(asked.read_text()) > len(made), "one that does not answer is"


def test_kind_holds_the_runs_lock_and_other_commands_do_not(bench: Bench) -> None:
    run = bench.run()
    bench.bring_up(run)
    assert f"{run.folder}/work" in (bench.folder / "programs" / "kind-holds").read_text()
    assert f"{run.folder}/" not in (bench.folder / "kubectl-holds").read_text()
    assert not run.at_work


@pytest.mark.parametrize(
    ("script", "why", "containers"),
    [
        ("exit 1", "exited with code 1", []),
        ("sleep 60", "was stopped at its deadline of 1 s", None),
        ("kill -KILL $$", "was ended by SIGKILL", None),
    ],
    ids=["it failed", "it hung", "it was killed"],
)
def test_it_is_noted_whether_kind_said_its_last_word(
    bench: Bench, script: str, why: str, containers: list[str] | None
) -> None:
    run = bench.run()
    bench.program("kind", f"[ $1 = get ] || {script}")
    (bench.folder / "deleted").touch()
    assert bench.refused(run) == f"cluster dev: `kind create cluster` {why}"
    assert run.record.cluster == "dev"
    assert run.record.containers == containers


TAKEN = "Bind for 127.0.0.1:46877 failed: port is already allocated"


@pytest.mark.parametrize(("times", "asked"), [(1, 2), (9, 3)])
def test_a_port_that_another_took_meanwhile_is_no_end_at_first(
    bench: Bench, times: int, asked: int
) -> None:
    """kind lets go of the ports that it has found before it takes them."""
    run, tries = bench.run(), bench.folder / "tries"
    bench.program(
        "kind",
        f"[ $1 = create ] || exit 0; echo x >>{tries}; "
        f"[ $(wc -l <{tries}) -gt {times} ] || {{ echo '{TAKEN}' >&2; exit 1; }}",
    )
    if times < asked:
        bench.bring_up(run)
    else:
        assert "`kind create cluster` exited with code 1" in bench.refused(run)
    assert len(tries.read_text().split()) == asked


def test_what_else_kind_fails_at_is_its_end(bench: Bench) -> None:
    run, tries = bench.run(), bench.folder / "tries"
    bench.program("kind", f"[ $1 = create ] || exit 0; echo x >>{tries}; exit 1")
    bench.refused(run)
    assert tries.read_text().split() == ["x"]


def test_a_cluster_that_is_there_already_is_not_ours(bench: Bench) -> None:
    run = bench.run()
    bench.program("kind", "echo dev")
    assert bench.refused(run) == (
        "cluster dev exists, and this run did not make it; choose another --cluster-name, walk in "
        "it with --canary-context kind-dev, or remove it with `pytest --canary-reap` where an "
        "earlier run has kept it"
    )
    assert run.record.cluster is None, "so that nobody removes it for this run"


def test_a_cluster_that_another_run_makes_is_refused_before_anything_is_made(bench: Bench) -> None:
    first, second = bench.run(), bench.run()
    bench.bring_up(first)
    assert bench.refused(second).startswith("another run makes or walks in cluster dev; ")
    assert second.record.cluster is None


def test_a_cluster_is_made_again_where_its_node_image_has_another_content(bench: Bench) -> None:
    run = bench.run()
    bench.engine.refs.add("kindest/node:v1")
    bench.program("kind", f"echo $1 >>{bench.folder}/asked; rm -f {bench.folder}/deleted")

    def asked() -> list[str]:
        bench.bring_up(run, node_image="kindest/node:v1", cluster_name=None)
        said = (bench.folder / "asked").read_text().split()
        (bench.folder / "asked").write_text("")
        return said

    assert asked() == ["get", "create"]
    assert asked() == []
    bench.engine.known["kindest/node:v1"] = Image("sha256:1", "kindest/node:v1")
    assert asked() == ["get", "create"]
    assert asked() == []


def test_the_kubectl_that_is_meant_is_the_one_that_scripts_find(bench: Bench) -> None:
    run = bench.run()
    bench.program("kubectl", "echo another")
    up = bench.bring_up(run)
    assert up.kubectl == run.folder / "bin" / "kubectl"
    environment = apply_environment({}, {}, 5, str(up.namespace.kubeconfig), "", up.kubectl)
    shown = subprocess.run(
        ["sh", "-c", "readlink $(command -v kubectl)"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == str(bench.options.kubectl)
    assert list(up.kubectl.parent.iterdir()) == [up.kubectl]


def test_an_engine_on_another_machine_is_refused_before_anything_is_made(bench: Bench) -> None:
    run = bench.run()
    bench.engine.endpoint = "ssh://build@192.0.2.7"
    assert bench.refused(run) == (
        "the container engine at ssh://build@192.0.2.7 is on another machine, where nothing of the "
        "cluster can be reached; use one of this machine, or walk in a cluster that is there with "
        "--canary-context"
    )


PREREQUISITE = """\
apiVersion: v1
kind: Pod
metadata: {name: queue}
spec:
  containers:
    - name: queue
      image: team/queue:7
"""


@pytest.fixture
def presupposing(bench: Bench) -> Bench:
    """A project that presupposes a queue."""
    file = bench.folder / "queue.yml"
    file.write_text(PREREQUISITE)
    settings = bench.plan.settings
    files = replace(settings.files, prerequisites=(file,))
    own = settings.model_copy(update={"files": files, "root": bench.folder})
    bench.plan = replace(bench.plan, settings=own)
    return bench


def test_the_images_of_prerequisites_are_loaded_like_others(presupposing: Bench) -> None:
    run = presupposing.run()
    up = presupposing.bring_up(run)
    assert up.prerequisites == {"team/queue:7": "team/queue:7"}
    assert "team/queue:7" in run.record.images
    assert up.seconds["prerequisite team/queue:7 load"] >= 0


def test_one_that_nobody_has_is_named_with_who_wants_it(
    presupposing: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pull(name: str, _timeout: float) -> Image:
        if name == "team/queue:7":
            raise ImageError(f"image {name} is not in the engine, and `docker pull` failed")
        return Image("sha256:1", name)

    monkeypatch.setattr(presupposing.engine, "pull", pull)
    assert presupposing.refused(presupposing.run()) == (
        "prerequisite Pod queue (queue.yml:7) has an image that is neither here nor to be pulled: "
        "image team/queue:7 is not in the engine, and `docker pull` failed"
    )


def test_a_cluster_that_was_there_gets_what_this_machine_has(presupposing: Bench) -> None:
    found = presupposing.plan.settings
    images = PrerequisiteImages(
        found.files.prerequisites, found.root, found.deadlines.image, presupposing.engine
    )
    assert images.provided_names(whole=True) == ["team/queue:7"]
    assert images.provided_names(whole=False) == []
    presupposing.engine.refs |= {"team/queue:7"}
    assert images.provided_names(whole=False) == ["team/queue:7"]


def test_a_pipeline_that_builds_finds_no_cluster_by_chance(bench: Bench) -> None:
    """Nothing of the release's account is there before the build has ended."""
    run, seen = bench.run(), []

    def build() -> Image:
        time.sleep(1)
        seen.append((run.folder / ACCOUNT_KUBECONFIG).exists())
        return Image(image_id("shop:2"), "shop:2")

    made = (bench.plan, run, run, bench.engine, Waiter(), Processes(), ())
    Provision(*made, build).bring_up()
    assert seen == [False]
    assert (run.folder / ACCOUNT_KUBECONFIG).exists()
