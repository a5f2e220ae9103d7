"""What the diagnosis is given beyond what watches tell, and what is remembered for it."""

from pathlib import Path
from typing import Any

import pytest
from fakes import objects
from fakes.clock import Clock
from fakes.cluster import Namespace
from fakes.folders import BUNDLED_TEMPLATE
from fakes.watched import Watched

from pytest_canary.core.disclosure import Disclosure
from pytest_canary.core.errors import ClusterError
from pytest_canary.diagnosis import Expected
from pytest_canary.release.diagnoser import Diagnoser

EXPECTED = Expected(deployment="addressbook-canary", replicas=1, image="addressbook:2")
PANIC = "starting\npanic: config key SESSION_SALT is missing"


class Kubelet(Namespace):
    """A namespace whose kubelet has the log of a container's last run alone."""

    def logs(
        self,
        pod: str,
        container: str | None = None,
        lines: int = 200,
        *,
        previous: bool = False,
        timestamps: bool = False,
        disclosure: Disclosure | None = None,
    ) -> str:
        if previous:
            raise ClusterError("can't read the log of pod app-1: it is not there any more")
        return self.logged()


@pytest.fixture
def kubelet(tmp_path: Path) -> Kubelet:
    made = Kubelet(tmp_path, tmp_path / "deleted")
    made.logged = lambda: PANIC
    made.controllers.sick = lambda pod: ended(pod, 1)
    return made


def ended(pod: dict[str, Any], times: int) -> dict[str, Any]:
    """The pod, whose container has ended so many times."""
    sick = objects.unready(pod)
    state = {"terminated": {"exitCode": 3}}
    before = state if times > 1 else {}
    sick["status"]["containerStatuses"][0] |= {
        "restartCount": times - 1,
        "state": state,
        "lastState": before,
    }
    return sick


def roll_out(kubelet: Kubelet) -> str:
    kubelet.controllers.roll_out(
        objects.deployment(BUNDLED_TEMPLATE, EXPECTED.deployment, 1, EXPECTED.image)
    )
    (pod,) = kubelet.objects("Pod")
    return str(pod["metadata"]["name"])


def test_the_words_of_a_run_whose_log_is_gone_are_remembered(kubelet: Kubelet) -> None:
    observer = Watched(kubelet, Clock())
    pod = roll_out(kubelet)
    diagnoser = Diagnoser(kubelet, observer)
    (first,) = diagnoser.findings(EXPECTED)
    assert (first.code, first.doomed) == ("ContainerExited", False)
    assert first.sentence.endswith(': "panic: config key SESSION_SALT is missing"')
    kubelet.edit("Pod", pod, lambda found: ended(found, 2))
    (second,) = diagnoser.findings(EXPECTED)
    assert second.doomed
    (late,) = Diagnoser(kubelet, observer).findings(EXPECTED)
    assert not late.doomed, "who has not seen the first end knows nothing of it"


def test_other_words_are_no_repetition(kubelet: Kubelet) -> None:
    observer = Watched(kubelet, Clock())
    pod = roll_out(kubelet)
    diagnoser = Diagnoser(kubelet, observer)
    diagnoser.findings(EXPECTED)
    kubelet.logged = lambda: "panic: config key COLOUR is missing"
    kubelet.edit("Pod", pod, lambda found: ended(found, 2))
    assert not diagnoser.findings(EXPECTED)[0].doomed
    kubelet.edit("Pod", pod, lambda found: ended(found, 3))
    assert diagnoser.findings(EXPECTED)[0].doomed
