"""Walks in a cluster that they did not make, by users who may just that; images by a registry."""

from __future__ import annotations

import io
import json
import shutil
import socket
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest
import yaml
from acceptance.projects import NOTHING, PATIENCE, Project, Walked, left, needed, node_of
from fakes.folders import DOCS, ROOT, TESTS
from side_by_side import registry_in

Make = Callable[[str], Project]


@dataclass
class Theirs:
    """Somebody's cluster, its kubeconfig, and a registry that its node pulls from."""

    context: str
    kubeconfig: Path
    registry: str
    address: str

    @property
    def port(self) -> int:
        """The API server's, on this machine."""
        cluster = yaml.safe_load(self.kubeconfig.read_text())["clusters"][0]["cluster"]
        return int(cluster["server"].rpartition(":")[2])

    def kubectl(self, *words: str) -> str:
        """kubectl on that cluster."""
        argv = ["kubectl", f"--kubeconfig={self.kubeconfig}", *words]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def everything(self) -> set[str]:
        """What there is in the cluster; pods are its own, and come and go with its start."""
        kinds = "namespaces,deployments,services,secrets,serviceaccounts,roles,rolebindings"
        return set(self.kubectl("get", kinds, "-A", "-o", "name").split())

    @contextmanager
    def user(self, path: Path, file: str, server: str = "") -> Iterator[Path]:
        """A user who may what a file of docs/rights says, and nothing else; their kubeconfig.

        Args:
            path: the kubeconfig's.
            file: of docs/rights.
            server: an address of the API server that its certificate does not have.
        """
        role, binding = yaml.safe_load_all((DOCS / "rights" / file).read_text())
        binding["subjects"] = [{"kind": "ServiceAccount", "name": "ada", "namespace": "default"}]
        made = path.with_suffix(".yml")
        metadata = {"name": "ada", "namespace": "default"}
        account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
        made.write_text(yaml.safe_dump_all([account, role, binding]))
        self.kubectl("apply", "-f", str(made))
        try:
            token = self.kubectl("create", "token", "ada", "-n", "default", "--duration=3h")
            document = yaml.safe_load(self.kubeconfig.read_text())
            document["users"][0]["user"] = {"token": token.strip()}
            if server:
                named = {"server": server, "tls-server-name": "localhost"}
                document["clusters"][0]["cluster"] |= named
            path.write_text(yaml.safe_dump(document))
            yield path
        finally:
            self.kubectl("delete", "-f", str(made))


@contextmanager
def tunnel(port: int) -> Iterator[str]:
    """Another address of the API server that listens at a port of 127.0.0.1."""

    class There(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", port)) as there:
                back = threading.Thread(target=pump, args=(there, self.request))
                back.start()
                pump(self.request, there)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.2", 0), There) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"https://127.0.0.2:{server.server_address[1]}"
        finally:
            server.shutdown()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Hand on what comes, until no more does."""
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def theirs(engine: docker.DockerClient, shared: Project) -> Iterator[Theirs]:
    """A cluster that no walk in it has made, with a registry."""
    name = node_of(engine, shared)
    node = engine.containers.get(name)
    (record,) = (run for run in shared.runs if run.name.startswith("reuse-"))
    address = node.attrs["NetworkSettings"]["Networks"]["kind"]["IPAddress"]
    context = f"kind-canary-{record.name}"
    with registry_in(name, needed("REGISTRY_IMAGE")) as port:
        yield Theirs(context, record / "kubeconfig", f"localhost:{port}", address)


def give_addresses(theirs: Theirs, stop: threading.Event) -> None:
    """What a cloud does: give every Service of type LoadBalancer an address."""
    status = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": theirs.address}]}}})
    while not stop.is_set():
        for line in theirs.kubectl("get", "services", "-A", "--no-headers").splitlines():
            namespace, name, kind, _, external, *_ = line.split()
            if kind == "LoadBalancer" and external == "<pending>":
                where = ["-n", namespace, "service", name, "--subresource=status"]
                theirs.kubectl("patch", *where, "--type=merge", "-p", status)
        time.sleep(0.5)


@pytest.fixture
def database(engine: docker.DockerClient) -> Iterator[str]:
    """PostgreSQL, in an image of another content than the one that other walks load.

    What a kubelet has pulled once it pulls for every pod (KubeletEnsureSecretPulledImages), under
    whatever name the same content was loaded. The notes are walked nowhere else.
    """
    text = f"FROM {needed('POSTGRES_IMAGE')}\nLABEL pulled=true\n"
    name = "pytest-canary/test:pulled"
    engine.images.build(fileobj=io.BytesIO(text.encode()), rm=True, tag=name)
    yield name
    engine.images.remove(name)


@pytest.fixture
def notes(new_project: Make, database: str) -> Project:
    """The notes: Node, npm scripts, another API; version 1 is the newest tag before HEAD."""
    project = new_project("notes")
    shutil.copytree(ROOT / "examples" / "notes", project.root, dirs_exist_ok=True)
    settings = (project.root / "canary.toml").read_text()
    settings = settings.replace("node:22-slim", needed("NODEJS_IMAGE"))
    settings = settings.replace("postgres:17", database)
    # The version comes with the source here, as it does in most projects.
    settings = settings.replace('VERSION = "2", ', "")
    project.write("canary.toml", f"{settings}\n[verdict]\nseconds = {PATIENCE}\n")
    dockerfile = (project.root / "Dockerfile").read_text()
    assert "ARG VERSION=2" in dockerfile

    def git(*words: str) -> None:
        identity = ["-c", "user.name=team", "-c", "user.email=team@example.com"]
        subprocess.run(["git", *identity, *words], cwd=project.root, check=True)

    git("init", "--quiet")
    project.write("Dockerfile", dockerfile.replace("ARG VERSION=2", "ARG VERSION=1"))
    git("add", ".")
    git("commit", "--quiet", "-m", "one")
    git("tag", "v1.0")
    project.write("Dockerfile", dockerfile)
    git("commit", "--quiet", "-a", "-m", "two")
    return project


@contextmanager
def cloud(theirs: Theirs) -> Iterator[None]:
    """A cloud that gives addresses."""
    stop = threading.Event()
    giving = threading.Thread(target=give_addresses, args=(theirs, stop))
    giving.start()
    try:
        yield
    finally:
        stop.set()
        giving.join()


def walk(notes: Project, theirs: Theirs, kubeconfig: Path, *options: str) -> Walked:
    """Walk in their cluster, as a user of it."""
    inside = theirs.registry.replace("localhost", "127.0.0.1")
    return notes.pytest(
        "--canary",
        f"--canary-context={theirs.context}",
        f"--canary-registry={theirs.registry}={inside}",
        f"--kubeconfig={kubeconfig}",
        *options,
    )


@pytest.mark.alone
def test_another_language_and_api_in_somebody_elses_cluster_pass_by_settings_alone(
    notes: Project,
    theirs: Theirs,
    shared: Project,
    engine: docker.DockerClient,
    tmp_path: Path,
) -> None:
    # There a verdict has no more than the traffic's requests, of which the canary gets its share.
    settings = (notes.root / "canary.toml").read_text()
    notes.write("canary.toml", f"{settings}\n[traffic]\nrate = 90\n")
    with ExitStack() as until_walked:
        # Whatever does not go by the kubeconfig's tls-server-name trusts nobody there.
        server = until_walked.enter_context(tunnel(theirs.port))
        kubeconfig = until_walked.enter_context(
            theirs.user(tmp_path / "ada", "cluster.yml", server)
        )
        before = theirs.everything()
        text = kubeconfig.read_text()
        with cloud(theirs):
            walked = walk(notes, theirs, kubeconfig)

        assert walked.code == 0
        assert "notes, upgrade; baseline git:v1.0 (the newest tag before HEAD)" in walked.text
        assert f"the walk is in context {theirs.context} at {server}" in walked.text
        assert "its Service of type LoadBalancer may get a public address" in walked.text
        assert "skipped" not in walked.text
        assert walked.stage("baseline").endswith("3/3 of release 1")
        assert "1 -> 2" in walked.stage("migration")
        assert "3/3 of release 1" in walked.stage("rollback")
        assert walked.stage("cleanup").endswith("nothing left")
        assert "notes 1 -> 2 passed every stage" in walked.text
        # It leaves their cluster as it was, and nothing elsewhere.
        assert theirs.everything() == before
        assert kubeconfig.read_text() == text
    assert notes.runs == []
    assert left(engine, shared, beside=node_of(engine, shared)) == NOTHING


@pytest.mark.first
def test_a_namespace_that_is_there_is_enough_and_nothing_is_made_beside_it(
    notes: Project, theirs: Theirs, tmp_path: Path
) -> None:
    """By a user of that namespace alone; no cloud gives addresses, and a template goes astray.

    Its script deletes something, so that nobody can try the template out before. Without traffic,
    as other tests that run beside it would keep that from being answered.
    """
    script = notes.root / "apply.sh"
    script.write_text(f"{script.read_text()}kubectl delete deployment none --ignore-not-found\n")
    manifest = notes.root / "manifests" / "deployment.yml"
    stray = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: stray, namespace: kube-system}\n"
    manifest.write_text(f"{manifest.read_text()}\n---\n{stray}")
    settings = (notes.root / "canary.toml").read_text()
    off = '\n[findings.fixed-namespace]\nlevel = "off"\nwhy = "it is tried"\n'
    notes.write("canary.toml", f"{settings}{off}\n[traffic]\nrate = 0\n")
    theirs.kubectl("create", "namespace", "shop-test")
    try:
        with theirs.user(tmp_path / "ada", "namespace.yml") as kubeconfig:
            theirs.kubectl("create", "deployment", "theirs", "--image=x", "-n", "shop-test")
            before = theirs.everything()

            alone = walk(notes, theirs, kubeconfig)
            assert alone.code == 1
            assert "you may not create namespaces, delete namespaces, " in alone.text
            assert "docs/rights/cluster.yml" in alone.text
            assert theirs.everything() == before

            there = "--canary-namespace=shop-test"
            walked = walk(notes, theirs, kubeconfig, there, "--canary-until=canary")
            assert walked.code == 1
            # The node port leads to the app, and the API server knows the release's account.
            assert "3/3 of release 1; 1 object tried out" in walked.stage("baseline")
            assert (
                "the release names configmaps stray in namespace kube-system, where nothing is "
                "rehearsed, and the API server has refused it"
            ) in " ".join(walked.text.split())
            assert "rolled back: 3/3 of release 1" in walked.text
            assert walked.stage("cleanup").endswith("nothing left")
            assert theirs.everything() == before
            assert notes.runs == []
    finally:
        theirs.kubectl("delete", "namespace", "shop-test", "--wait=false")


@pytest.mark.soak
def test_what_a_killed_walk_left_in_a_namespace_that_is_there_is_removed(
    notes: Project, theirs: Theirs, tmp_path: Path
) -> None:
    """And nothing beside it: by a user of that namespace alone."""
    theirs.kubectl("delete", "namespace", "shop-test", "--ignore-not-found")
    theirs.kubectl("create", "namespace", "shop-test")
    try:
        with theirs.user(tmp_path / "ada", "namespace.yml") as kubeconfig:
            theirs.kubectl("create", "deployment", "theirs", "--image=x", "-n", "shop-test")
            before = theirs.everything()
            notes.environment |= {"STRIKE": "SIGKILL", "STRIKE_AT": "canary"}
            notes.environment["PYTHONPATH"] = str(TESTS)
            options = ["-p", "acceptance.striking", "--canary-namespace=shop-test"]

            killed = walk(notes, theirs, kubeconfig, *options)
            assert killed.code == -9
            left_behind = theirs.everything() - before
            assert "deployment.apps/notes-stable" in left_behind
            assert "deployment.apps/db" in left_behind

            reaped = notes.pytest("--canary-reap")
            assert reaped.code == 0
            assert theirs.everything() == before
            assert notes.runs == []
    finally:
        theirs.kubectl("delete", "namespace", "shop-test", "--wait=false")
