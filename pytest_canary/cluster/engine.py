"""Images: found or built by the engine, and loaded into a kind node."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from pytest_canary.core import processes
from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.k8s.image_names import full_name

if TYPE_CHECKING:
    import docker

CHUNK = 1 << 20


@dataclass(frozen=True)
class Image:
    """An image of the engine.

    Attributes:
        id: its ID, "sha256:…".
        ref: the name that manifests get: it holds the ID's first digits, so that a name never
            stands for two contents and a node never has to pull it.
    """

    id: str
    ref: str


class Engine:
    """The container engine: docker-py for its API, the docker command for builds.

    The command builds with the user's own builder, BuildKit where there is one; docker-py knows
    the classic builder only.
    """

    def __init__(self) -> None:
        import docker

        try:
            self.client: docker.DockerClient = docker.DockerClient(
                base_url=_endpoint(), version="auto", timeout=600
            )
            self.client.ping()
        except (docker.errors.DockerException, OSError) as error:
            raise ImageError(
                f"no container engine answers: {error}; start Docker, or set DOCKER_HOST"
            ) from error

    @property
    def version(self) -> str:
        """The engine's own version."""
        return str(self.client.version().get("Version", "of no version"))

    def find(self, name: str) -> Image | None:
        """The image of that name, where the engine has it."""
        import docker

        try:
            attributes = self.client.api.inspect_image(name)
        except docker.errors.NotFound:
            return None
        except docker.errors.DockerException as error:
            raise ImageError(f"the engine can't look for image {name}: {error}") from error
        return Image(attributes["Id"], name)

    def pull(self, name: str, timeout: float) -> Image:
        """The image of that name, pulled where the engine doesn't have it yet.

        Raises:
            ImageError: neither the engine nor a registry has it.
        """
        found = self.find(name)
        if found:
            return found
        try:
            processes.run(["docker", "pull", "--quiet", name], timeout=timeout)
        except CommandError as error:
            raise ImageError(
                f"image {name} is not in the engine, and {error.sentence}; "
                "check the name, or pull or build it first",
                error.evidence,
            ) from error
        return self.find(name) or Image("", name)

    def build(
        self,
        context: Path,
        dockerfile: Path,
        args: Mapping[str, str],
        tag: str,
        iidfile: Path,
        timeout: float,
    ) -> Image:
        """`docker build`; the build arguments' values go through the environment, not argv.

        Raises:
            ImageError: the build failed; with its output.
        """
        argv: list[str | Path] = ["docker", "build", "-f", dockerfile, "-t", tag]
        argv += ["--iidfile", iidfile]
        for key in args:
            argv += ["--build-arg", key]
        try:
            processes.run([*argv, context], timeout=timeout, env=os.environ | dict(args))
        except CommandError as error:
            tail = "\n".join(error.output.splitlines()[-40:])
            raise ImageError(f"the image can't be built: {error.sentence}", tail) from error
        return Image(iidfile.read_text().strip(), tag)

    def named(self, image: Image, repository: str, run: str) -> Image:
        """The image under a name of its content and its run: REPOSITORY:digits of its ID-run.

        Without the run, one that cleans up would take the name from another that needs it.
        """
        return Image(image.id, f"{repository}:{image.id.removeprefix('sha256:')[:12]}-{run}")

    def tag(self, image: Image) -> None:
        """Give the image its name.

        Raises:
            ImageError: the engine refuses the name.
        """
        import docker

        try:
            repository, _, tag = image.ref.rpartition(":")
            self.client.api.tag(image.id, repository, tag)
        except docker.errors.DockerException as error:
            raise ImageError(f"the engine can't name an image {image.ref}: {error}") from error

    def untag(self, ref: str) -> None:
        """Take a name away; the content stays while it has another."""
        import docker

        # It may be gone, or a container of someone else's use it.
        with contextlib.suppress(docker.errors.APIError):
            self.client.api.remove_image(ref, noprune=True)

    def push(self, image: Image, timeout: float) -> None:
        """`docker push`, with the credentials of the docker command.

        Raises:
            ImageError: the registry refuses it.
        """
        try:
            processes.run(["docker", "push", "--quiet", image.ref], timeout=timeout)
        except CommandError as error:
            raise ImageError(
                f"image {image.ref} can't be pushed: {error.sentence}", error.evidence
            ) from error

    def load(self, image: Image, node: str, timeout: float) -> None:
        """Put an image into a kind node, sending only the layers that the node lacks.

        Raises:
            ImageError: the engine can't save it or the node can't take it.
        """
        import docker

        try:
            held = set(
                processes.run(
                    ["docker", "exec", node, *CTR, "content", "ls", "-q"], timeout=timeout
                ).split()
            )
            layers = self.client.api.inspect_image(image.ref)["RootFS"].get("Layers", [])
            saved = self.client.api.get_image(image.ref, chunk_size=CHUNK)
            processes.run(
                ["docker", "exec", "-i", node, *CTR, "images", "import", "-"],
                timeout=timeout,
                stdin=lacking(saved, layers, held, full_name(image.ref)),
            )
        except CommandError as error:
            raise ImageError(
                f"image {image.ref} can't be loaded into {node}: {error.sentence}", error.evidence
            ) from error
        except docker.errors.DockerException as error:
            raise ImageError(
                f"image {image.ref} can't be saved for {node}: {error}; see that nobody removed it"
            ) from error


CTR = ("ctr", "--namespace=k8s.io")


def lacking(saved: Iterable[bytes], layers: list[str], held: set[str], ref: str) -> Iterator[bytes]:
    """Turn `docker save`'s tar into an OCI layout without the blobs that the node holds.

    Docker up to 24 saves `ID/layer.tar`s, uncompressed, so a layer's digest is its diff ID. They
    come in the order of their IDs and not of the layers, so only a layer's content tells which it
    is. From 25 on Docker saves an OCI layout itself, from which only the held blobs are left out.

    Args:
        saved: the tar, in chunks.
        layers: the image's diff IDs, lowest first.
        held: digests that the node has already.
        ref: the full name to give it: "docker.io/library/app:0123".

    Yields:
        The new tar, in chunks.

    Raises:
        ImageError: the tar's layers are not the image's.
    """
    source = tarfile.open(fileobj=_Reader(saved), mode="r|")  # noqa: SIM115 (a stream, read once)
    sizes: dict[str, int] = {}
    configs: dict[str, bytes] = {}
    own_layout = False
    for member in source:
        content = source.extractfile(member) if member.isreg() else None
        if content is None:
            continue
        if member.name.startswith("blobs/"):
            digest = member.name.removeprefix("blobs/").replace("/", ":")
            # What is small may be an index or a manifest, which the importer reads from the tar.
            if digest in held and member.size > CHUNK:
                continue
            yield from _entry(member.name, member.size, content)
        elif member.name in ("index.json", "oci-layout"):
            own_layout = True
            yield from _entry(member.name, member.size, content)
        elif member.name.endswith("/layer.tar"):
            with tempfile.TemporaryFile() as layer:
                digest = _copied(content, layer)
                if digest not in layers:
                    raise ImageError(f"image {ref} was saved with layer {digest}, which it has not")
                sizes[digest] = member.size
                if digest not in held:
                    layer.seek(0)
                    yield from _entry(_blob(digest), member.size, layer)
        elif member.name.endswith(".json") and "/" not in member.name:
            configs[member.name] = content.read()
    if not own_layout:
        absent = [digest for digest in layers if digest not in sizes]
        if absent:
            raise ImageError(f"image {ref} was saved without its layer {absent[0]}")
        config = configs[json.loads(configs["manifest.json"])[0]["Config"]]
        yield from _layout(config, layers, sizes, ref)
    yield b"\0" * 1024  # the end of a tar


def _layout(
    config: bytes, layers: list[str], sizes: Mapping[str, int], ref: str
) -> Iterator[bytes]:
    """The rest of an OCI layout: the config, the manifest and the index that names it."""
    kind = "application/vnd.oci.image"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": f"{kind}.manifest.v1+json",
            "config": _descriptor(f"{kind}.config.v1+json", _digest(config), len(config)),
            "layers": [
                _descriptor(f"{kind}.layer.v1.tar", digest, sizes[digest]) for digest in layers
            ],
        }
    ).encode()
    named = _descriptor(f"{kind}.manifest.v1+json", _digest(manifest), len(manifest))
    named["annotations"] = {"io.containerd.image.name": ref}
    index = json.dumps({"schemaVersion": 2, "manifests": [named]}).encode()
    for name, blob in (
        (_blob(_digest(config)), config),
        (_blob(_digest(manifest)), manifest),
        ("index.json", index),
        ("oci-layout", b'{"imageLayoutVersion": "1.0.0"}'),
    ):
        yield from _entry(name, len(blob), io.BytesIO(blob))


def _descriptor(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest, "size": size}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    """Copy everything, and return its digest."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return f"sha256:{digest.hexdigest()}"


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _entry(name: str, size: int, content: Any) -> Iterator[bytes]:
    info = tarfile.TarInfo(name)
    info.size = size
    yield info.tobuf()
    while chunk := content.read(CHUNK):
        yield chunk
    yield b"\0" * (-size % tarfile.BLOCKSIZE)


class _Reader(io.RawIOBase):
    """Chunks, as a file to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        parts, have = [self._rest], len(self._rest)
        while size < 0 or have < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            parts.append(chunk)
            have += len(chunk)
        whole = b"".join(parts)
        if size < 0:
            size = len(whole)
        self._rest = whole[size:]
        return whole[:size]


def _endpoint() -> str | None:
    """Where the engine listens: DOCKER_HOST, or the docker command's current context."""
    if os.environ.get("DOCKER_HOST"):
        return os.environ["DOCKER_HOST"]
    try:
        shown = processes.run(
            ["docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}"], timeout=10
        )
    except CommandError as error:
        raise ImageError(
            f"the docker command is needed: {error.sentence}", error.evidence
        ) from error
    return shown.strip() or None
