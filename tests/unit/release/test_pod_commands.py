"""Commands in pods: in those of the app, and in pods of their own."""

from collections.abc import Callable
from typing import Any

import pytest
from fakes.objects import ended
from fakes.pages import restarted
from fakes.world import World

from pytest_canary.core.errors import FoundError, WaitTimeoutError
from pytest_canary.k8s.exec import Exec, ExecError
from pytest_canary.release.one_off import one_off
from pytest_canary.release.pod_commands import PodCommands


@pytest.fixture
def world(world: World) -> World:
    return world.enter("canary")


def commands(world: World) -> PodCommands:
    return world.context.release.pods


def test_a_command_runs_in_a_ready_pod_and_its_secrets_are_masked(world: World) -> None:
    world.commands.ping = (3, "the password is hush-hush")
    world.namespace.redactor.add("hush-hush")
    done = commands(world).run("addressbook-canary", ["app", "ping"])
    assert (done.pod, done.code) == (world.pods("canary")[0], 3)
    assert done.output == "the password is ********"


def test_a_command_runs_in_the_app_though_a_sidecar_comes_first(world: World) -> None:
    """As istio's does with holdApplicationUntilProxyStarts."""

    def inject(pod: dict[str, Any]) -> None:
        pod["spec"]["containers"].insert(0, {"name": "istio-proxy", "image": "proxyv2"})

    asked = []

    def exec_in(pod: str, container: str, command: list[str], **_: object) -> Exec:
        asked.append((container, command))
        return Exec(pod, " ".join(command), 0, "", "")

    world.change_pod("canary", inject)
    world.namespace.exec = exec_in  # type: ignore[assignment,method-assign]
    world.context.release.exec("canary", ["app", "ping"])
    assert asked == [("addressbook", ["app", "ping"])]


def test_a_command_that_loses_its_pod_is_told_with_what_became_of_it(world: World) -> None:
    pod = world.pods("canary")[0]

    def ends(*_: object) -> tuple[int, str]:
        world.namespace.drop("Pod", pod)
        return 137, "half of it"

    world.commands.migrate = ends
    with pytest.raises(FoundError) as raised:
        commands(world).run("addressbook-canary", ["app", "migrate"])
    (finding,) = raised.value.findings
    assert finding.code == "CommandLostItsPod"
    assert finding.sentence.endswith("lost its pod before it ended: the pod was deleted")
    assert finding.evidence == "half of it"


def refuses_as(why: str) -> Callable[..., tuple[int, str]]:
    def refuse(*_: object, **__: object) -> tuple[int, str]:
        raise ExecError("refused", why, "kubectl exec …")

    return refuse


refuses = refuses_as('could not run: exec: "app": executable file not found in $PATH')


def test_a_pod_that_only_the_watches_still_have_is_not_the_commands_fault(world: World) -> None:
    pod, tell = world.pods("canary")[0], world.namespace.store.watch
    world.namespace.store.watch = lambda *_: None
    world.namespace.drop("Pod", pod)
    world.namespace.store.watch = tell
    world.namespace.exec = refuses  # type: ignore[assignment,method-assign]
    with pytest.raises(FoundError) as raised:
        commands(world).run("addressbook-canary", ["app", "ping"])
    (finding,) = raised.value.findings
    assert finding.code == "CommandLostItsPod"
    assert finding.sentence.endswith(": the pod was deleted")
    assert finding.seen == "the command never began"


@pytest.mark.parametrize(
    "why",
    [
        "could not run: container not running",
        "could not run: open /sys/fs/cgroup/kubepods/pod1/cgroup.procs: no such file or directory",
    ],
)
def test_a_container_that_has_just_ended_is_not_the_commands_fault(world: World, why: str) -> None:
    """The kubelet knows it before the API server and the watches do."""
    world.commands.migrate = refuses_as(why)
    commands_of_world = commands(world)
    world.meanwhile = lambda: world.change_pod("canary", restarted(1))
    with pytest.raises(FoundError) as raised:
        commands_of_world.run("addressbook-canary", ["app", "migrate"])
    assert raised.value.findings[0].code == "CommandLostItsPod"


def test_a_command_that_is_refused_by_a_pod_that_is_there_is_told_so(world: World) -> None:
    world.commands.migrate = refuses
    with pytest.raises(FoundError) as raised:
        commands(world).run("addressbook-canary", ["app", "migrate"])
    assert raised.value.findings[0].code == "CommandNotRun"


def test_a_pod_of_its_own_runs_to_its_end_and_is_deleted(world: World) -> None:
    live = world.context.release.ready_pod("canary")
    own = one_off(live, "addressbook", "canary-fresh-1", ["app", "migrate"], "app")
    done = commands(world).run_apart(own, "migrate to end")
    assert (done.pod, done.command, done.code) == ("canary-fresh-1", "app migrate", 0)
    assert done.output == "what canary-fresh-1 has logged"
    left = [pod["metadata"]["name"] for pod in world.namespace.objects("Pod")]
    assert "canary-fresh-1" not in left


def test_a_pod_of_its_own_that_does_not_end_is_deleted_too(world: World) -> None:
    live = world.context.release.ready_pod("canary")
    world.namespace.controllers.one_off = lambda pod: pod | {"status": {"phase": "Pending"}}
    own = one_off(live, "addressbook", "canary-fresh-1", ["app", "migrate"], "app")
    with pytest.raises(WaitTimeoutError, match="last seen: pod canary-fresh-1 is Pending"):
        commands(world).run_apart(own, "migrate to end")
    left = [pod["metadata"]["name"] for pod in world.namespace.objects("Pod")]
    assert "canary-fresh-1" not in left


@pytest.mark.parametrize(
    ("status", "became"),
    [
        (None, "the pod was deleted"),
        (
            {"phase": "Failed", "reason": "Evicted", "message": "low on memory"},
            "the pod failed, Evicted: low on memory",
        ),
    ],
)
def test_a_pod_of_its_own_that_is_lost_is_not_said_to_hang(
    world: World, status: Any, became: str
) -> None:
    live = world.context.release.ready_pod("canary")
    world.namespace.controllers.one_off = lambda pod: pod | {"status": {"phase": "Pending"}}
    own = one_off(live, "addressbook", "canary-down-1", ["app", "down"], "app")

    def lose() -> None:
        if status:
            world.namespace.put({**own, "status": status})
        else:
            world.namespace.drop("Pod", "canary-down-1")

    world.meanwhile = lose
    with pytest.raises(FoundError) as raised:
        commands(world).run_apart(own, "the down-migration to end")
    (finding,) = raised.value.findings
    assert finding.code == "CommandLostItsPod"
    assert finding.sentence == (
        f"`app down` in pod canary-down-1 lost its pod before it ended: {became}"
    )


def own_pod(world: World, status: dict[str, Any], **spec: Any) -> dict[str, Any]:
    """A pod of the run's own that comes to this as soon as it is made."""
    live = world.context.release.ready_pod("canary")
    world.namespace.controllers.one_off = lambda pod: pod | {"status": status}
    own = one_off(live, "addressbook", "canary-fresh-1", ["app", "migrate"], "app")
    own["spec"] |= spec
    return own


def terminated(name: str, code: int, reason: str = "Error", **more: Any) -> dict[str, Any]:
    """How a container has ended."""
    state = {"terminated": {"exitCode": code, "reason": reason, **more}}
    return {"name": name, "imageID": "sha256:0", "restartCount": 0, "state": state}


def waiting(name: str, reason: str, message: str) -> dict[str, Any]:
    """Why a container does not begin."""
    state = {"waiting": {"reason": reason, "message": message}}
    return {"name": name, "imageID": "", "restartCount": 0, "state": state}


PULL = (
    'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/none:1": '
    "docker.io/library/none:1: not found"
)
NO_COMMAND = 'exec: "app": executable file not found in $PATH: unknown'


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (
            {
                "phase": "Failed",
                "initContainerStatuses": [terminated("warm-up", 3)],
                "containerStatuses": [waiting("addressbook", "PodInitializing", "")],
            },
            "ContainerExited",
            "pod canary-fresh-1's init container warm-up exits with code 3 as soon as it starts: "
            '"no cache to warm"',
        ),
        (
            {
                "phase": "Pending",
                "initContainerStatuses": [terminated("warm-up", 0, "Completed")],
                "containerStatuses": [waiting("addressbook", "ErrImagePull", PULL)],
            },
            "ErrImagePull",
            "pod canary-fresh-1 can't start: image addressbook:2 can't be pulled, the registry has "
            "no such image",
        ),
        (
            {
                "phase": "Pending",
                "containerStatuses": [
                    waiting("addressbook", "CreateContainerConfigError", 'secret "salt" not found')
                ],
            },
            "CreateContainerConfigError",
            "pod canary-fresh-1 can't start: there is no Secret salt",
        ),
        (
            {
                "phase": "Failed",
                "containerStatuses": [
                    terminated("addressbook", 128, "StartError", message=NO_COMMAND)
                ],
            },
            "StartError",
            "pod canary-fresh-1 can't start: there is no command app in the image",
        ),
        (
            {
                "phase": "Failed",
                "reason": "Evicted",
                "message": "The node was low on resource: memory.",
                "containerStatuses": [terminated("addressbook", 137)],
            },
            "CommandLostItsPod",
            "`app migrate` in pod canary-fresh-1 lost its pod before it ended: the pod failed, "
            "Evicted: The node was low on resource: memory.",
        ),
        (
            {"phase": "Failed"},
            "CommandLostItsPod",
            "`app migrate` in pod canary-fresh-1 lost its pod before it ended: the pod has ended, "
            "and does not say why",
        ),
    ],
)
def test_a_pod_of_its_own_that_can_not_run_is_not_waited_for(
    world: World, status: dict[str, Any], code: str, sentence: str
) -> None:
    world.held = []
    world.namespace.logged = lambda: "\nno cache to warm"
    own = own_pod(world, status, initContainers=[{"name": "warm-up", "image": "warm:1"}])
    own["spec"]["containers"][0]["image"] = "addressbook:2"
    began = world.clock.monotonic()
    with pytest.raises(FoundError) as raised:
        commands(world).run_apart(own, "migrate on an empty database")
    assert world.clock.monotonic() - began < 1, "by the clock of its waits"
    first = raised.value.findings[0]
    assert (first.code, first.sentence) == (code, sentence)
    assert "canary-fresh-1" not in first.next, "it is deleted by then"
    if code != "CommandLostItsPod":
        assert first.seen == "before `app migrate` could run"


def test_a_pod_of_its_own_that_is_slow_says_what_it_waits_for(world: World) -> None:
    full = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes are available: x."}
    own = own_pod(world, {"phase": "Pending", "conditions": [full]})
    del own["spec"]["containers"][0]["resources"]
    late = pytest.raises(WaitTimeoutError, match="is Pending; pod canary-fresh-1 can't be schedul")
    with late:
        commands(world).run_apart(own, "migrate to end")


@pytest.mark.parametrize("proxy", [{"running": {}}, {"terminated": {"exitCode": 1}}])
def test_a_sidecar_that_was_injected_says_nothing_of_the_command(
    world: World, proxy: dict[str, Any]
) -> None:
    both = [{"name": "a-proxy", "state": proxy}, terminated("addressbook", 0, "Completed")]
    own = own_pod(world, {"phase": "Running", "containerStatuses": both})
    read = []

    def logs(pod: str, container: str = "", *_: object, **__: object) -> str:
        read.append((pod, container))
        return "schema 1 -> 2"

    world.namespace.logs = logs  # type: ignore[assignment,method-assign]
    done = commands(world).run_apart(own, "migrate to end")
    assert (done.code, done.output) == (0, "schema 1 -> 2")
    assert read == [("canary-fresh-1", "addressbook")]


def test_the_addresses_of_one_deployment_are_left_out(world: World) -> None:
    canary = world.context.release.ready_pod("canary")["status"]["podIP"]
    everybody = commands(world).addresses()
    assert canary in everybody
    assert commands(world).addresses(but="addressbook-canary") == everybody - {canary}


def test_a_pod_that_has_ended_has_no_address(world: World) -> None:
    canary = world.context.release.ready_pod("canary")["status"]["podIP"]
    everybody = commands(world).addresses()
    world.change_pod("canary", ended)
    assert commands(world).addresses() == everybody - {canary}
