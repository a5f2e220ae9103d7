"""The public face as a type checker sees it: mypy reads this, and nothing runs it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, assert_type

from pytest_canary import (
    Addressbook,
    Answer,
    Api,
    Baseline,
    Bin,
    CanaryError,
    Cluster,
    Commit,
    Comparison,
    Cost,
    Database,
    Diagnostics,
    Exchange,
    Exec,
    Expect,
    Finding,
    Kind,
    Options,
    Person,
    Plan,
    ReadBack,
    Rehearsal,
    Release,
    Request,
    Row,
    Settings,
    Summary,
    Traffic,
    Verdict,
    client_for,
    load_settings,
    make_plan,
)
from pytest_canary.errors import (
    ApiError,
    ClusterError,
    CommandError,
    DatabaseError,
    FoundError,
    ImageError,
    NotApplicable,
    ReleaseError,
    SettingsError,
    TrafficError,
    WaitTimeoutError,
)
from pytest_canary.errors import CanaryError as SameError


def plan(project: Path) -> Plan:
    settings = load_settings(project)
    assert_type(settings, Settings)
    assert_type(settings.replicas.canary, int)
    made = make_plan(settings, Options(baseline="shop:1.4", until="canary"))
    assert_type(made.baseline, Baseline)
    assert_type(made.baseline.kind, Literal["image", "git", "none"])
    assert_type(made.baseline.commit, Commit | None)
    return made


def rehearse(project: Path) -> None:
    with Rehearsal.of(project, Options(baseline="none", keep="on-failure")) as rehearsal:
        rehearsal.enter("canary")
        assert_type(rehearsal.entered("canary"), bool)
        assert_type(rehearsal.begun, bool)
        assert_type(rehearsal.expect, Expect)
        assert_type(rehearsal.sample("baseline", "candidate"), Counter[str])
        assert_type(rehearsal.cluster, Cluster)
        assert_type(rehearsal.release, Release)
        assert_type(rehearsal.database, Database)
        assert_type(rehearsal.api, Api)
        assert_type(rehearsal.pod_api("canary"), Api)
        assert_type(rehearsal.traffic, Traffic)
        assert_type(rehearsal.verdict, Verdict)
        assert_type(rehearsal.plan, Plan)
        assert_type(rehearsal.kubeconfig, Path)
        rehearsal.keep()
        rehearsal.clean_up()
    assert_type(rehearsal.summary(), str)


def expect(rehearsal: Rehearsal) -> None:
    canary, stable = rehearsal.pod_api("canary"), rehearsal.pod_api("stable")
    rehearsal.expect.replicas("canary", 1)
    rehearsal.expect.replicas("stable", 2, of="baseline")
    rehearsal.expect.write_and_read()
    rehearsal.expect.write_and_read(canary)
    rehearsal.expect.write_and_read_elsewhere(canary, stable)
    rehearsal.expect.every_row()
    rehearsal.expect.every_row(stable)
    rehearsal.expect.other_requests()
    rehearsal.expect.other_requests(canary)
    rehearsal.expect.no_lost_request()
    rehearsal.expect.no_more_lost_requests()
    rehearsal.expect.connections("canary", "stable")
    rehearsal.expect.only_version("candidate")
    rehearsal.expect.fair_share()
    rehearsal.expect.image_on_node("baseline")
    rehearsal.expect.migrated_schema()
    rehearsal.expect.nobody_waited()
    rehearsal.expect.go()
    rehearsal.expect.gone("canary")
    rehearsal.expect.nothing_left()


def ask(api: Api, settings: Settings) -> None:
    answer = api.expect(Request(method="GET", path="/ready", contains="true"))
    assert_type(answer, Answer)
    assert_type(answer.headers, Mapping[str, str])
    assert_type(api.write(), Row)
    assert_type(api.read(), str)
    assert_type(api.version(), str)
    assert_type(client_for("http://127.0.0.1:8080", settings), Api)


def ask_the_addressbook(api: Addressbook) -> None:
    assert_type(api.put("Sammy", "David Jr"), Person)
    assert_type(api.all(), list[Person])


def load(traffic: Traffic, api: Api) -> None:
    assert_type(traffic.lost, int)
    assert_type(traffic.of(stage="canary"), Summary)
    assert_type(traffic.summary().versions, Mapping[str, Summary])
    assert_type(traffic.series(), dict[str, list[Bin]])
    assert_type(traffic.cost, Cost)
    assert_type(traffic.verify(api), ReadBack)
    assert_type(traffic.verify(api).findings, list[Finding])
    for each in traffic.losses():
        assert_type(each, Exchange)
        assert_type(each.kind, Kind)
        assert_type(each.kind is Kind.TIMEOUT, bool)


def look(release: Release, database: Database, cluster: Cluster) -> None:
    assert_type(release.name("canary"), str)
    assert_type(release.kubectl("get", "pods"), str)
    assert_type(release.exec("canary", ["date"]), Exec)
    assert_type(release.diagnostics(), Diagnostics)
    assert_type(release.diagnostics().logs, Mapping[str, str])
    assert_type(database.query("select 1"), list[tuple[str, ...]])
    assert_type(cluster.node, str)
    assert_type(cluster.images(), list[str])


def judge(verdict: Verdict) -> str:
    assert_type(verdict.answer, Literal["go", "no-go", "inconclusive"])
    assert_type(verdict.comparisons, tuple[Comparison, ...])
    assert_type(verdict.finding, Finding | None)
    return verdict.text


def explain(error: CanaryError) -> str:
    if isinstance(error, FoundError):
        return error.findings[0].code
    return error.sentence


def try_to(rehearsal: Rehearsal) -> str:
    try:
        rehearsal.enter("stable")
    except NotApplicable as reason:
        return str(reason)
    except (ApiError, TrafficError, DatabaseError, WaitTimeoutError, ReleaseError) as error:
        return explain(error)
    except (ClusterError, CommandError, ImageError, SettingsError) as error:
        return error.evidence
    except SameError as error:
        assert_type(error, CanaryError)
        return error.sentence
    return ""
