"""The whole walk, as users run it: each on a real cluster, in a process of its own."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import docker
import pytest
from acceptance.hunt import COMMAND, ENV, MARKER, Hunt
from acceptance.projects import (
    NOTHING,
    Project,
    addressbook_settings,
    inside,
    left,
    namespaces,
    needed,
    node_of,
)
from fakes.folders import DOCS

from pytest_canary.config.options import STAGES

Make = Callable[[str], Project]


@pytest.mark.alone
def test_an_upgrade_of_the_addressbook_passes_every_stage(
    addressbook_project: Make, releases: dict[str, str], engine: docker.DockerClient
) -> None:
    project = addressbook_project("upgrade")
    volumes = {volume.name for volume in engine.volumes.list()}

    walked = project.pytest(
        "--canary", f"--canary-baseline={releases['1']}", "--junitxml=out.xml", "-rs"
    )

    assert walked.code == 0
    assert "skipped" not in walked.text
    for stage in STAGES:
        assert walked.stage(stage)
    assert walked.stage("baseline").endswith("3/3 of release 1")
    assert re.search(r"1 \+ 2; the canary takes \d+ % of connections", walked.stage("canary"))
    migration = walked.stage("migration")
    assert "0001 -> 0002, +1 column; a backup of " in migration
    assert migration.endswith("; release 1 still reads and writes")
    assert "not undone: column public.person.search_name stays" in walked.stage("rollback")
    assert walked.stage("rollback").endswith("then down: -1 column")
    assert re.search(r"0/3, .*3/3; never fewer than 2; ", walked.stage("stable"))
    assert re.search(
        r"go: errors 0\.0 % and 0\.0 %, p95 \d+ ms and \d+ ms$", walked.stage("verdict")
    )
    assert re.search(r"addressbook 1 -> 2 passed every stage; [\d,]+ requests, 0 lost", walked.text)
    # A team's own tests ran in their stages, right after the stages' own.
    lines = [line.split()[0] for line in walked.text.splitlines() if re.match(r"\S+ \.", line)]
    after = {lines[at - 1] for at, line in enumerate(lines) if line == "test_release.py"}
    assert after == {"canary/baseline", "canary/migration", "canary/stable"}
    # Nothing is left, and nothing of the user's was touched.
    assert left(engine, project) == NOTHING
    assert {volume.name for volume in engine.volumes.list()} <= volumes
    cases = list(ElementTree.parse(project.root / "out.xml").getroot().iter("testcase"))
    figures = [p.get("value") for case in cases for p in case.iter("property")]
    assert any("of connections" in str(figure) for figure in figures)
    # The report has all of it, and nothing secret.
    report = json.loads((project.root / "canary-report" / "report.json").read_text())
    assert (report["result"], report["verdict"]["answer"]) == ("passed", "go")
    assert report["verdict"]["omitted"] == []
    assert report["verdict"]["samples"]["canary"] >= 253
    assert report["traffic"]["lost"] == 0
    assert report["traffic"]["read_back"] is True
    assert report["database"]["backup"]["restored"] is True
    assert {each["version"] for each in report["replicas"]} == {"1", "2"}
    assert report["environment"]["kubernetes"].startswith("v1.")
    spent = [each for stage in report["stages"] for each in stage["spent"]]
    commands = {each["name"] for each in spent if each["kind"] == "command"}
    assert {"kubectl apply", "python -m addressbook migrate"} <= commands
    page = (project.root / "canary-report" / "report.html").read_text()
    assert page.count("<svg") >= 4
    assert "DB_PASSWORD" not in page


@pytest.mark.alone
def test_a_first_release_passes_every_stage(shared: Project, engine: docker.DockerClient) -> None:
    walked = shared.pytest("--canary", "--canary-baseline=none", "--canary-reuse")
    assert walked.code == 0
    assert "addressbook, first release; baseline none (--canary-baseline)" in walked.text
    assert "base -> 0002" in walked.stage("migration")
    assert re.search(r"0/3, .*3/3; [\d,]+ requests, 0 lost$", walked.stage("stable"))
    assert "canary/verdict " not in walked.text, "there is nothing to compare with"
    assert "addressbook 2 passed every stage" in walked.text
    assert [path.name[:6] for path in shared.runs] == ["reuse-"]


@pytest.mark.soak
@pytest.mark.alone
def test_without_a_header_the_node_counts_connections(
    shared: Project, releases: dict[str, str]
) -> None:
    shared.write("canary.toml", addressbook_settings(api='version-header = ""'))
    walked = shared.pytest(
        "--canary",
        "--canary-reuse",
        f"--canary-baseline={releases['1']}",
        "--canary-until=stable",
        "-vrs",
    )
    shared.write("canary.toml", addressbook_settings())

    assert walked.code == 0
    assert "SKIPPED" not in walked.text
    for check in (
        "canary::both versions answer behind the Service",
        "canary::the canary's share of connections is its share of replicas",
        "stable::only the candidate answers behind the Service",
    ):
        assert f"canary/{check} PASSED" in walked.text
    share = (
        r"the canary takes \d+ % of connections \(\d+ to \d+\): (\d+) of (\d+) went to canary pods"
    )
    told = re.search(share, walked.stage("canary"))
    assert told
    assert int(told[2]) >= 300, "beside those of the check, the traffic's are counted"
    report = json.loads((shared.root / "canary-report" / "report.json").read_text())
    assert report["share"]["connections"] == int(told[2])


def test_a_candidate_that_exits_is_explained_and_rolled_back_and_leaves_nothing(
    shared: Project, releases: dict[str, str], engine: docker.DockerClient, tmp_path: Path
) -> None:
    """It tells its whole environment first, with what gets at a terminal; nobody is shown that."""
    engine.images.build(
        fileobj=io.BytesIO(f"FROM {releases['2']}\n{COMMAND}".encode()),
        rm=True,
        tag="addressbook:exits",
    )
    manifest, temporary = shared.root / "manifests" / "deployment.yml", tmp_path / "temporary"
    good = manifest.read_text()
    manifest.write_text(good.replace("          env:\n", f"          env:\n{ENV}", 1))
    temporary.mkdir()
    told = {"SMTP_PASSWORD": MARKER, "TMPDIR": str(temporary)}
    leaky = replace(shared, environment={**shared.environment, **told})
    with Hunt(engine, node_of(engine, shared)) as hunt:
        walked = leaky.pytest(
            "--canary",
            "--canary-reuse",
            f"--canary-baseline={releases['1']}",
            "--canary-image=addressbook:exits",
            "--junitxml=out.xml",
            "-vvv",
            "--showlocals",
            "-rfs",
        )
    manifest.write_text(good)

    assert walked.code == 1
    assert "FAILED canary/canary::addressbook-canary is deployed" in walked.text
    assert "addressbook-canary exits with code 3 as soon as it starts" in walked.text
    assert re.search(r"restarted once, found \d+\.\d s after apply", walked.text)
    evidence = shared.evidence
    kept = f"files   {evidence.relative_to(shared.root)}/ (finding, describe, events, objects"
    assert kept in walked.text
    rollback = walked.stage("rollback")
    assert "rolled back: 3/3 of release 1; the API answers" in rollback
    assert rollback.endswith("nothing lost; 1 warning: printed-secret")
    assert "not be allowed: the rehearsal did not pass" in walked.text
    assert "CrashLoopBackOff" in (evidence / "describe.txt").read_text() or list(
        evidence.glob("addressbook-canary-*.previous.log")
    )
    assert re.search(r"SKIPPED \[\d+\] canary/stable:1: canary/canary::", walked.text)
    assert walked.stage("cleanup").endswith("nothing left")
    assert [path.name[:6] for path in shared.runs] == ["reuse-"]
    assert len(hunt.secrets) > 1, "the database's password was never seen"
    assert "********" in (evidence / "finding.txt").read_text()
    state = Path(shared.environment["XDG_STATE_HOME"])
    everything = (shared.root / "canary-report", shared.root / "out.xml", state, temporary)
    assert hunt.leaks(walked.text, *everything) == []
    engine.images.remove("addressbook:exits")


def test_a_candidate_that_can_not_be_built_says_why(
    shared: Project, releases: dict[str, str]
) -> None:
    dockerfile = shared.root / "app" / "Dockerfile"
    good = dockerfile.read_text()
    dockerfile.write_text(good + "RUN echo this is why >&2; exit 7\n")
    walked = shared.pytest("--canary", "--canary-reuse", f"--canary-baseline={releases['1']}")
    dockerfile.write_text(good)
    assert walked.code == 1
    assert "FAILED canary/cluster::the cluster comes up" in walked.text
    assert "the image can't be built: `docker build` exited with code 7" in walked.text
    assert "this is why" in walked.text


def test_a_run_in_a_reused_cluster_is_kept_for_a_look(
    shared: Project, releases: dict[str, str], engine: docker.DockerClient
) -> None:
    node = node_of(engine, shared)
    started = engine.containers.get(node).attrs["State"]["StartedAt"]
    assert namespaces(engine, node) == []

    walked = shared.pytest(
        "--canary",
        "--canary-reuse",
        f"--canary-baseline={releases['1']}",
        "--canary-until=baseline",
        "--canary-keep=always",
    )

    assert walked.code == 0
    assert shared.nodes(engine) == {node}
    assert engine.containers.get(node).attrs["State"]["StartedAt"] == started
    assert "canary/canary " not in walked.text
    assert "passed every stage until baseline" in walked.text
    kept = re.search(r"look at it with KUBECONFIG=(\S+), remove it with", walked.text)
    assert kept
    argv = ["kubectl", f"--kubeconfig={kept[1]}", "get", "deployments", "-o", "name"]
    found = subprocess.run(argv, check=True, capture_output=True, text=True).stdout
    assert found.split() == ["deployment.apps/addressbook-stable", "deployment.apps/db"]


def test_a_cluster_of_the_runs_own_starts_in_no_more_time_than_it_must(
    shared: Project, engine: docker.DockerClient
) -> None:
    """What kind was told has come to its programs, whose words it keeps to itself."""
    node = node_of(engine, shared)
    argv = ("kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "--namespace=kube-system")

    def got(what: str) -> Any:
        return json.loads(inside(engine, node, *argv, "get", what, "--output=json"))

    def told(program: str) -> list[str]:
        (container,) = got(f"pod/{program}-{node}")["spec"]["containers"]
        words: list[str] = container["command"]
        return words

    for program in ("kube-controller-manager", "kube-scheduler"):
        assert {"--leader-elect=false", "--kube-api-qps=300"} <= set(told(program))
    manager = told("kube-controller-manager")
    assert "--enable-hostpath-provisioner=true" in manager, "kind's own"
    assert "--endpointslice-updates-batch-period=100ms" in manager
    assert "--unsafe-no-fsync=true" in told("etcd")
    assert "--service-node-port-range=30000-30009" in told("kube-apiserver")
    coredns = got("deployment/coredns")
    (container,) = coredns["spec"]["template"]["spec"]["containers"]
    assert container["readinessProbe"]["periodSeconds"] == 1
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready", "the rest is kubeadm's"


def test_a_script_walks_without_pytest(shared: Project, releases: dict[str, str]) -> None:
    """With a proxy in its environment that leads nowhere; nothing of a walk is beyond it."""
    nowhere = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy"), "http://127.0.0.1:9")
    page = (DOCS / "your-own-tests.md").read_text()
    script = page.split("## Without pytest\n\n```python\n")[1].split("```")[0]
    image = f", node_image={needed('NODE_IMAGE')!r}" if needed("NODE_IMAGE") else ""
    script = script.replace('baseline="shop:1.4"', f"baseline={releases['1']!r}, reuse=True{image}")
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=shared.root,
        env=shared.environment | nowhere,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"Counter\(\{'[12]': \d+, '[12]': \d+\}\)\n", done.stdout), done.stdout


def test_reaping_removes_a_reused_cluster(shared: Project, engine: docker.DockerClient) -> None:
    walked = shared.pytest("--canary-reap")
    assert walked.code == 0
    assert "runs removed: 2" in walked.text, "the cluster, and the run that was kept in it"
    assert left(engine, shared) == NOTHING


@pytest.mark.soak
@pytest.mark.alone
def test_the_demo_is_walked_in_an_empty_folder(
    new_project: Callable[[str], Project], engine: docker.DockerClient
) -> None:
    project = new_project("demo")
    assert project.pytest("--canary-demo", "--canary-check").code == 0
    # As its own comment says, where the usual images are not in reach.
    settings = project.root / "canary-demo" / "canary.toml"
    own = re.sub(
        r"^# build-args = .*$",
        f'build-args = {{ BASE = "{needed("PYTHON_IMAGE")}" }}\n'
        f'[database]\nimage = "{needed("POSTGRES_IMAGE")}"',
        settings.read_text(),
        flags=re.MULTILINE,
    )
    settings.write_text(own)

    walked = project.pytest("--canary-demo")

    assert walked.code == 0
    assert (
        "canary: addressbook, upgrade; baseline git:v1 (the newest tag before HEAD)" in walked.text
    )
    assert "addressbook 1 -> 2 passed every stage" in walked.text
    assert left(engine, project) == NOTHING
    assert sorted(each.name for each in project.root.iterdir()) == ["canary-demo", "canary-report"]
