"""The verdict and the count of lost requests on a real cluster, with real canaries that ail.

One walk, in which canary after canary takes the other's place and is judged; before it, for
`make soak`, two sessions as a user runs them. fixtures/canaries/ says what ails each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import docker
import pytest
from acceptance.projects import (
    NOTHING,
    ROOT,
    Project,
    addressbook_settings,
    addressbook_tables,
    left,
    node_of,
)
from acceptance.rehearsals import changed, judge, load, rehearsal
from fakes.traffic import Unstartable, sends_by

from pytest_canary.analysis.verdict import Verdict
from pytest_canary.context import judging
from pytest_canary.core.errors import TrafficError
from pytest_canary.core.waiting import Seen
from pytest_canary.manifests.version import CANARY
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.traffic import Traffic

Ailing = Callable[[str], str]
JUDGED = ("errs", "leaks", "dies")

# Bytes that the manifest lets a pod hold.
LIMIT = 192 * 2**20


@pytest.fixture(scope="module")
def ailing(releases: dict[str, str], engine: docker.DockerClient) -> Iterator[Ailing]:
    """Builds the candidate with an ailment, and names the image."""
    made: dict[str, str] = {}

    def build(ailment: str) -> str:
        if ailment not in made:
            made[ailment] = f"addressbook:{ailment}"
            engine.images.build(
                path=str(ROOT / "fixtures" / "canaries"),
                rm=True,
                buildargs={"CANDIDATE": releases["2"], "AILMENT": ailment},
                tag=made[ailment],
            )
        return made[ailment]

    yield build
    for name in made.values():
        engine.images.remove(name)


# As a user runs it. What is said and kept of it, and the way back, are asserted of every fault, and
# a whole session that fails of a candidate that exits.


@pytest.mark.soak
def test_a_canary_that_errs_stops_the_release_and_is_rolled_back(
    shared: Project, releases: dict[str, str], ailing: Ailing, engine: docker.DockerClient
) -> None:
    walked = shared.pytest(
        "--canary",
        "--canary-reuse",
        f"--canary-baseline={releases['1']}",
        f"--canary-image={ailing('errs')}",
    )

    assert walked.code == 1
    assert "FAILED canary/verdict::the verdict is go" in walked.text
    assert walked.text.count("FAILED ") == 1
    told = r"\d+ of \d+ requests to the canary failed \([\d.]+ %\), and 0 of [\d,]+ to the baseline"
    assert re.search(told, walked.text)
    assert "no-go: " in walked.stage("verdict")
    for words in ("rolled back: 3/3 of release 1; the API answers", "nothing lost"):
        assert words in walked.stage("rollback")
    assert walked.stage("cleanup").endswith("nothing left")
    evidence = shared.evidence
    assert re.search(told, (evidence / "finding.txt").read_text())
    assert "addressbook-canary" in (evidence / "describe.txt").read_text()
    assert left(engine, shared, beside=node_of(engine, shared)) == NOTHING


@pytest.mark.soak
def test_an_app_that_stops_at_once_loses_requests_which_are_named(
    shared: Project, releases: dict[str, str], ailing: Ailing, engine: docker.DockerClient
) -> None:
    """Two canaries of five pods go at once, when some five answers of theirs are under way.

    The verdict is to find nothing, however busy the machine is.
    """
    more = {"replicas": "canary = 2", "verdict": "errors = 0.2\nlatency = 2.0\nmemory = 2.0"}
    shared.write("abrupt.toml", addressbook_settings(**more))

    walked = shared.pytest(
        "--canary",
        "--canary-reuse",
        "--canary-config=abrupt.toml",
        f"--canary-baseline={releases['1']}",
        f"--canary-image={ailing('abrupt')}",
    )

    assert walked.code == 1
    assert "FAILED canary/stable::no request is lost" in walked.text
    told = re.search(
        r"(\d+) of [\d,]+ requests were lost, (none|\d+) of them such as no client may safely send "
        r"again: (GET /all|PUT /person) .* s after the start \([\d:.]+ UTC\), in stable, during "
        r"promote; (it never arrived, so a client may send it again"
        r"|it only reads, so a client may send it again"
        r"|it may have been done, so no client may safely send it again)",
        walked.text,
    )
    assert told, "request, stage, transition, and whether it may be sent again"
    assert "in stable during promote" in walked.text
    assert "let the app serve on for some seconds after SIGTERM" in walked.text
    assert walked.stage("rollback").startswith("canary/rollback ......")
    assert told[0] in (shared.evidence / "finding.txt").read_text()
    assert left(engine, shared, beside=node_of(engine, shared)) == NOTHING


# One walk, whose canary is another one each time.


@pytest.fixture(scope="module")
def walk(
    shared: Project,
    releases: dict[str, str],
    ailing: Ailing,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Rehearsal]:
    """A walk at the end of the stage `migration`, whose node has every canary that is judged."""
    folder = tmp_path_factory.mktemp("verdict")
    with rehearsal(shared, folder, releases, addressbook_tables()) as walk:
        walk.enter("migration")
        load(walk, [ailing(each) for each in JUDGED])
        yield walk


@pytest.fixture
def judged(walk: Rehearsal, ailing: Ailing) -> Callable[[str], Verdict]:
    """Replaces the canary by an ailing one, and judges it."""

    def verdict(ailment: str) -> Verdict:
        candidate = replace(walk.context.candidate, image=ailing(ailment))
        walk.context.release.deploy(CANARY, 1, candidate)
        return judge(walk)

    return verdict


def metric(found: Verdict, name: str) -> Any:
    """One metric's comparison."""
    return next(each for each in found.comparisons if each.metric == name)


def test_a_canary_that_errs_is_no_go(judged: Callable[[str], Verdict]) -> None:
    found = judged("errs")

    assert found.answer == "no-go"
    # The requests that failed, or the app's own count of them: whichever is proven first.
    counter = 'http_requests_total{status=~"5.."}'
    assert re.match(
        r"\d+ of \d+ requests to the canary failed \(\d+\.\d %\), and 0 of [\d,]+ to the baseline "
        r"\(0\.0 %\); it is [\d.]+ to [\d.]+ points more, and 1\.5 points is too much$"
        rf"|{re.escape(counter)} grew by \d+ in \d+ requests to the canary, by 0 in the baseline's "
        r"\d+; it is [\d.]+ to [\d.]+ in 100 requests more, and 1\.5 in 100 requests is too much$",
        found.sentence,
    )
    low, high = metric(found, "errors").interval
    assert low <= 0.05 <= high
    assert metric(found, counter).canary > 0
    assert found.finding is not None
    assert found.finding.code == "CanaryWorse"


def test_a_canary_that_leaks_is_no_go(walk: Rehearsal, judged: Callable[[str], Verdict]) -> None:
    # On a busy machine, what it does with its memory may show in its latencies first.
    with changed(walk, verdict={"errors": 0.5, "latency": 1000}):
        found = judged("leaks")

    assert found.answer == "no-go"
    # Or, where it is asked so often that it comes to its limit first, its end.
    assert re.match(
        r"a pod of the canary grows by \d+ MB in \d+ s, one of the baseline by \d+ MB under such a "
        r"load; \d+ MB more is too much$"
        r"|the canary's containers restarted (once|\d times) in the window, the baseline's not at "
        r"all$",
        found.sentence,
    )


def test_a_canary_that_restarts_is_no_go(judged: Callable[[str], Verdict]) -> None:
    found = judged("dies")

    assert found.answer == "no-go"
    assert re.fullmatch(
        r"the canary's containers restarted (once|\d times) in the window, the baseline's not at "
        r"all",
        found.sentence,
    )


def test_a_canary_without_a_page_of_metrics_is_judged_by_the_kubelet(walk: Rehearsal) -> None:
    walk.context.release.deploy(CANARY, 1, walk.context.candidate)
    pods = walk.context.observer.snapshot().pods
    mine = [name for name in pods if name.startswith("addressbook-stable-")]
    node = str(pods[mine[0]]["spec"]["nodeName"])
    first = walk.context.namespace.cluster.memory(node)

    with changed(walk, api={"metrics": "/nothing"}):
        found = judge(walk)

    assert found.answer == "go", found.text
    assert found.finding is None
    assert found.requests[1] >= 253
    assert found.omitted == ("the app's own counters: neither version has a page of metrics",)
    assert metric(found, "memory").answer == metric(found, "memory growth").answer == "go"

    def look() -> Seen[dict[str, tuple[float, float]]]:
        now = walk.context.namespace.cluster.memory(node)
        fresh = all(now[name][0] > first[name][0] for name in mine)
        return Seen(json.dumps(now), fresh, now)

    held = walk.workspace.waiter.until("fresh figures of the kubelet", look, timeout=60)
    for name in mine:
        assert 10e6 < held[name][1] < LIMIT


def test_too_few_requests_are_never_go(walk: Rehearsal) -> None:
    """A busy machine's noise may make a no-go of them; the sentence is that of the next test."""
    with changed(walk, verdict={"seconds": 1}, api={"metrics": "/nothing"}):
        found = judge(walk)

    assert found.requests[1] < 253
    assert found.answer != "go"
    assert found.finding is not None


def test_without_traffic_there_is_no_go(walk: Rehearsal) -> None:
    """After this, the walk has none."""
    assert walk.context.sides
    walk.context.sides.stop()

    with changed(walk, verdict={"seconds": 3}):
        found = judge(walk)

    assert found.answer == "inconclusive"
    assert found.sentence == "0 requests of the canary, at least 253 are needed"
    assert found.finding is not None
    assert found.finding.code == "CanaryUnproven"
    assert metric(found, "errors").sentence == "no request went to the baseline"


def test_traffic_that_broke_off_is_told(walk: Rehearsal) -> None:
    api = walk.context.api
    broken = sends_by(Unstartable(api.settings, OSError("no memory")))
    traffic = Traffic(api, walk.plan.settings.traffic, anywhere=True, generate=broken)
    with pytest.raises(TrafficError):
        traffic.start()
    app: Any = SimpleNamespace(traffic=traffic)

    with pytest.raises(TrafficError, match=r"the traffic broke off after .*: OSError: no memory"):
        judging.judge(replace(walk.context, app=app, sides=None))
