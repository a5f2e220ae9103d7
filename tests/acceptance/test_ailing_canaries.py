"""The verdict and the count of lost requests on a real cluster, with real canaries that ail.

Two walks, in which canary after canary takes the other's place and is judged; fixtures/canaries/
says what ails each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from acceptance.lanes import leave, share
from acceptance.projects import PATIENCE, Ailing, Project, addressbook_tables
from acceptance.quiet import Quiet
from acceptance.rehearsals import changed, delete_rows, judge, load, rehearsal
from fakes.traffic import Unstartable, sends_by

from pytest_canary.analysis.verdict import Verdict
from pytest_canary.context import expect, judging
from pytest_canary.core.errors import TrafficError
from pytest_canary.core.waiting import Seen
from pytest_canary.manifests.version import CANARY, STABLE
from pytest_canary.rehearsal.rehearsal import Rehearsal
from pytest_canary.traffic import Traffic

pytestmark = pytest.mark.alone

JUDGED = (
    "errs",
    "faints",
    "misses",
    "forgets",
    "drags",
    "hangs",
    "hogs",
    "slows",
    "pauses",
    "wakes",
    "leaks",
    "dies",
)

# They show in latencies, of which nothing is said before a pod has been ready for half a minute:
# they come up in a walk of their own while others are judged, in this order.
GROWN = ("hangs", "drags")

# What the app itself counts of its failures.
COUNTED = 'http_requests_total{status=~"5.."}'
COUNTER = re.escape(COUNTED)

# Bytes that the manifest lets a pod hold.
LIMIT = 192 * 2**20


@pytest.fixture(scope="session")
def building(ailing: Ailing) -> Iterator[list[Future[str]]]:
    """The candidates' images, which are built while the cluster starts."""
    with ThreadPoolExecutor(1) as pool:
        yield [pool.submit(ailing, "2", each) for each in JUDGED]


@pytest.fixture(scope="module")
def walks(
    building: list[Future[str]],
    shared: Project,
    releases: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[list[Rehearsal]]:
    """Two walks on a node that has every canary that is judged."""
    # All rows are read by the checks and the traffic; what a verdict asks costs the same each time.
    bounded = {"api": {"bounded-read": {"method": "GET", "path": "/person/1"}}}
    table = addressbook_tables() | bounded
    with ExitStack() as stack:
        walks = []
        for settings in (table, table | {"traffic": {"rate": 5}}):
            folder = tmp_path_factory.mktemp("verdict")
            walk = stack.enter_context(rehearsal(shared, folder, releases, settings))
            walk.enter("cluster")
            share(walk)
            walks.append(walk)
        load(walks[0], [each.result() for each in building])
        yield walks
        with ThreadPoolExecutor(len(walks)) as pool:
            list(pool.map(leave, walks))


def deploy_ailing(walk: Rehearsal, image: str) -> None:
    """Replace the canary by one of this image."""
    walk.context.release.deploy(CANARY, 1, replace(walk.context.candidate, image=image))


@pytest.fixture(scope="module")
def grown(walks: list[Rehearsal], ailing: Ailing) -> Callable[[str], Verdict]:
    """Judges a canary that has come up while others were judged, and lets the next one come up."""
    walk, coming = walks[1], ""
    following = dict(pairwise(GROWN))

    def come_up(ailment: str) -> None:
        nonlocal coming
        if ailment != coming:
            deploy_ailing(walk, ailing("2", ailment))
            coming = ailment

    def verdict(ailment: str) -> Verdict:
        come_up(ailment)
        found = judge(walk)
        if ailment in following:
            come_up(following[ailment])
        return found

    walk.enter("migration")
    come_up(GROWN[0])
    return verdict


@pytest.fixture(scope="module")
def walk(walks: list[Rehearsal], grown: Callable[[str], Verdict], quiet: Quiet) -> Rehearsal:
    """Where canary after canary is judged, at the end of the stage `migration`.

    Those in the other walk are `grown` by the time that they are asked.
    """
    # What a canary is compared with is measured from here on.
    quiet.begin()
    walks[0].enter("migration")
    return walks[0]


@pytest.fixture
def judged(walk: Rehearsal, ailing: Ailing) -> Callable[[str], Verdict]:
    """Replaces the canary by an ailing one, and judges it."""

    def verdict(ailment: str) -> Verdict:
        delete_rows(walk)
        deploy_ailing(walk, ailing("2", ailment))
        return judge(walk)

    return verdict


def metric(found: Verdict, name: str) -> Any:
    """One metric's comparison."""
    return next(each for each in found.comparisons if each.metric == name)


def test_a_canary_that_errs_is_no_go(judged: Callable[[str], Verdict]) -> None:
    found = judged("errs")

    assert found.answer == "no-go"
    # The requests that failed, or the app's own count of them: whichever is proven first.
    assert re.match(
        r"\d+ of \d+ requests to the canary failed \(\d+\.\d %\), and 0 of [\d,]+ to the baseline "
        r"\(0\.0 %\); it is [\d.]+ to [\d.]+ points more, and 1\.5 points is too much$"
        rf"|{COUNTER} grew by \d+ in \d+ requests to the canary, by 0 in the baseline's "
        r"\d+; it is [\d.]+ to [\d.]+ in 100 requests more, and 1\.5 in 100 requests is too much$",
        found.sentence,
    )
    low, high = metric(found, "errors").interval
    assert low <= 0.05 <= high
    assert metric(found, COUNTED).canary > 0
    assert found.finding is not None
    assert found.finding.code == "CanaryWorse"


@pytest.mark.soak
def test_a_canary_that_is_out_for_a_second_of_every_five_is_never_go(
    walk: Rehearsal, judged: Callable[[str], Verdict]
) -> None:
    """Whatever the moment, it is out for one second of the first six, before which there is no go.

    To prove it takes more of them than a short window has: each is one or two blocks of time, of
    which 13 are needed.
    """
    told = (
        r"\d+ of [\d,]+ (requests|reads) to the canary failed \(\d+\.\d %\), and 0 of [\d,]+ to "
        r"the baseline \(0\.0 %\); "
    )
    with changed(walk, verdict={"seconds": 20, "latency": 1000}):
        short = judged("faints")
    with changed(walk, verdict={"seconds": PATIENCE, "latency": 1000}):
        long = judge(walk)

    assert short.answer == "inconclusive"
    assert re.fullmatch(rf"{told}it may be [\d.]+ points more, and 1\.5 points .*", short.sentence)
    assert short.finding is not None
    assert short.finding.code == "CanaryUnproven"
    assert long.answer == "no-go"
    assert re.match(
        rf"{told}it is [\d.]+ to [\d.]+ points more, and [\d.]+ points is too much$"
        rf"|{COUNTER} grew by \d+ in [\d,]+ requests to the canary, by 0 in the baseline's ",
        long.sentence,
    )
    assert long.finding is not None
    assert long.finding.code == "CanaryWorse"


def test_a_canary_that_finds_nothing_now_and_then_is_no_go(
    judged: Callable[[str], Verdict],
) -> None:
    """Each of its answers is one, in time and with the status that was promised."""
    found = judged("misses")

    assert found.answer == "no-go"
    assert re.match(
        r"[\d.]+ % of the canary's reads are answered with less than half of what is usual, 0\.0 % "
        r"of the baseline's; ",
        found.sentence,
    )


def test_a_canary_that_fails_half_of_its_writes_is_no_go(judged: Callable[[str], Verdict]) -> None:
    found = judged("forgets")

    assert found.answer == "no-go"
    assert re.match(
        r"\d+ of \d+ (writes|requests) to the canary failed \(\d+\.\d %\), and 0 of [\d,]+ to the "
        rf"baseline \(0\.0 %\); |{COUNTER} grew by",
        found.sentence,
    )


def test_a_canary_whose_answers_hang_is_no_go(grown: Callable[[str], Verdict]) -> None:
    """Most of these are not answered yet when it is told."""
    found = grown("hangs")

    assert found.answer == "no-go"
    assert re.match(
        r"[\d.]+ % of the canary's (reads|writes|answers) take more than [\d.]+ m?s, ",
        found.sentence,
    )


def test_a_canary_that_slows_the_baseline_as_much_is_no_go(
    judged: Callable[[str], Verdict],
) -> None:
    found = judged("hogs")

    assert found.answer == "no-go"
    assert re.match(
        r"[\d.]+ % of the baseline's (reads|writes|answers) take more than [\d.]+ m?s, "
        r"[\d.]+ % of those before the canary came",
        found.sentence,
    )


def test_a_healthy_canary_that_pauses_once_is_go(judged: Callable[[str], Verdict]) -> None:
    found = judged("pauses")

    assert found.answer == "go", found.lines


@pytest.mark.soak
def test_a_healthy_canary_that_is_slow_at_first_is_go(judged: Callable[[str], Verdict]) -> None:
    found = judged("wakes")

    assert found.answer == "go", found.lines


def test_a_canary_that_is_slow_for_a_third_of_reads_is_no_go(
    grown: Callable[[str], Verdict],
) -> None:
    """Its median is as ever, and so is a fast half of its answers."""
    found = grown("drags")

    assert found.answer == "no-go"
    assert re.match(
        r"[\d.]+ % of the canary's (reads|answers) take more than [\d.]+ m?s, "
        r"|the canary is [\d.]+ m?s slower with reads: ",
        found.sentence,
    )


def test_a_canary_that_leaks_is_no_go(walk: Rehearsal, judged: Callable[[str], Verdict]) -> None:
    # On a busy machine, what it does with its memory may show in its latencies first.
    with changed(walk, verdict={"errors": 0.5, "latency": 1000}):
        found = judged("leaks")

    assert found.answer == "no-go"
    # What it grows by, or has come to by then; or, where it is asked so often that it comes to its
    # limit first, its end.
    assert re.match(
        r"a pod of the canary grows by \d+ MB in (1,000 requests|a minute) and goes on, one of the "
        r"baseline by \d+ MB; after [\d,]+ (requests|s) more it comes to its limit of 201 MB$"
        r"|a pod of the canary holds \d+ MB, one of the baseline \d+ MB; \d+ MB more is too much$"
        r"|the canary's containers restarted (once|\d times) in the window, the baseline's not at "
        r"all; one of the canary's was killed, as it held more memory than it may \(OOMKilled\)$",
        found.sentence,
    )


def test_a_canary_that_restarts_is_no_go(judged: Callable[[str], Verdict]) -> None:
    found = judged("dies")

    assert found.answer == "no-go"
    assert re.fullmatch(
        r"the canary's containers restarted (once|\d times) in the window, the baseline's not at "
        r"all; one of the canary's ended with exit code 1",
        found.sentence,
    )


def test_a_canary_without_a_page_of_metrics_is_judged_by_its_node(walk: Rehearsal) -> None:
    delete_rows(walk)
    walk.context.release.deploy(CANARY, 1, walk.context.candidate)
    pods = walk.context.observer.snapshot().pods
    mine = [name for name in pods if name.startswith("addressbook-stable-")]
    node = str(pods[mine[0]]["spec"]["nodeName"])
    first = walk.context.namespace.cluster.memory(node)

    with changed(walk, api={"metrics": "/nothing"}, verdict={"seconds": PATIENCE}):
        judging.watch_memory(walk.context)
        found = judge(walk)
    judging.watch_memory(walk.context)

    assert found.answer == "go", found.text
    assert found.finding is None
    assert found.requests[1] >= 253
    assert found.omitted == ("the app's own counters: neither version has a page of metrics",)
    assert metric(found, "memory").answer == metric(found, "memory growth").answer == "go"

    def look() -> Seen[dict[str, tuple[float, float]]]:
        now = walk.context.namespace.cluster.memory(node)
        fresh = all(now[name][0] > first[name][0] for name in mine)
        return Seen(json.dumps(now), fresh, now)

    # Where no node may be asked, its kubelet is; both say the same.
    held = walk.workspace.waiter.until("fresh figures of the kubelet", look, timeout=60)
    uids = {name: str(pods[name]["metadata"]["uid"]) for name in mine}
    counted = walk.context.cluster.memory.working_sets(uids.values())
    for name, uid in uids.items():
        assert 10e6 < held[name][1] < LIMIT
        assert counted[uid] == pytest.approx(held[name][1], abs=10e6)


@pytest.mark.soak
def test_an_app_that_tells_no_version_is_judged_all_the_same(walk: Rehearsal) -> None:
    with changed(walk, api={"version_header": ""}):
        found = judge(walk)

    assert found.answer == "go", found.lines


def test_one_canary_beside_five_stable_pods_is_go(walk: Rehearsal) -> None:
    """Both are asked as much, whatever their shares of the Service are."""
    stable = walk.context.settings.replicas.stable
    delete_rows(walk)
    with changed(walk, replicas={"stable": 5}, verdict={"seconds": PATIENCE}):
        walk.context.release.scale(STABLE, 5)
        expect.replicas(walk.context, STABLE, 5, "baseline")
        walk.context.release.deploy(CANARY, 1, walk.context.candidate)
        found = judge(walk)

    walk.context.release.scale(STABLE, stable)
    baseline, canary = found.requests
    assert found.answer == "go", found.lines
    assert abs(baseline - canary) <= 0.02 * canary


def test_a_canary_whose_migration_slows_both_versions_is_no_go(
    walk: Rehearsal, ailing: Ailing
) -> None:
    """The schema is taken back after it; what comes behind it needs no go."""
    delete_rows(walk)
    pods, canary = walk.context.release.pods, walk.context.release.name(CANARY)

    def run(*words: str) -> str:
        command = ["python", "-m", "addressbook", *words]
        return pods.run(canary, command, "MigrationHangs").output

    deploy_ailing(walk, ailing("2", "slows"))
    assert "0002 -> 0003" in run("migrate")
    try:
        found = judge(walk)
    finally:
        assert "0003 -> 0002" in run("downgrade", "0002")

    assert found.answer == "no-go"
    assert re.match(
        r"[\d.]+ % of the baseline's writes take more than [\d.]+ m?s, [\d.]+ % of those before "
        r"the canary came; it is [\d.]+ to [\d.]+ points more, and [\d.]+ points is too much$",
        found.sentence,
    )
    assert found.finding is not None
    assert found.finding.next.startswith("look at what the migration or the canary does to what ")


def test_too_few_requests_are_never_go(walk: Rehearsal) -> None:
    """A busy machine's noise may make a no-go of them; the sentence is that of the next test."""
    with changed(walk, verdict={"seconds": 1}, api={"metrics": "/nothing"}):
        found = judge(walk)

    assert found.requests[1] < 253
    assert found.answer != "go"
    assert found.finding is not None


def test_without_traffic_there_is_no_go(walk: Rehearsal) -> None:
    """After this, the walk has none."""
    assert walk.context.comparing.sides
    walk.context.comparing.sides.stop()

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
    comparing = replace(walk.context.comparing, sides=None)

    with pytest.raises(TrafficError, match=r"the traffic broke off after .*: OSError: no memory"):
        judging.judge(replace(walk.context, app=app, comparing=comparing))
