"""Images on their way to a node: what the engine saves, as a tar without what the node holds."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any, NamedTuple

from pytest_canary.core.errors import ImageError

# Bytes that are read and written at once.
CHUNK = 1 << 20


class NodeImage(NamedTuple):
    """An image that a node is to hold.

    Attributes:
        ref: the full name to give it: "docker.io/library/app:0123".
        id: what the engine knows it by, which is its configuration's digest where Docker up to 24
            saves it.
        layers: its diff IDs, lowest first.
    """

    ref: str
    id: str
    layers: list[str]


def oci_layout(
    saved: Iterable[bytes], images: Sequence[NodeImage], held: set[str]
) -> Iterator[bytes]:
    """Turn `docker save`'s tar into an OCI layout without the blobs that the node holds.

    Docker up to 24 saves `ID/layer.tar`s, uncompressed, so a layer's digest is its diff ID. They
    come in the order of their IDs and not of the layers, so only a layer's content tells which it
    is. From 25 on Docker saves an OCI layout itself, from which only the held blobs are left out.

    Args:
        saved: the tar, in chunks.
        images: what is in it.
        held: digests that the node has already.

    Yields:
        The new tar, in chunks.

    Raises:
        ImageError: the tar's layers are not the images'.
    """
    refs = ", ".join(each.ref for each in images)
    layers = {digest for each in images for digest in each.layers}
    source = tarfile.open(fileobj=ChunkReader(saved), mode="r|")  # noqa: SIM115 (a stream, read once)
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
                digest = _copy(content, layer)
                if digest not in layers:
                    raise ImageError(
                        f"image {refs} was saved with layer {digest}, which it has not"
                    )
                sizes[digest] = member.size
                if digest not in held:
                    layer.seek(0)
                    yield from _entry(_blob(digest), member.size, layer)
        elif member.name.endswith(".json") and "/" not in member.name:
            configs[member.name] = content.read()
    if not own_layout:
        yield from _layout(images, configs, sizes)
    yield b"\0" * 1024  # the end of a tar


def _layout(
    images: Sequence[NodeImage], configs: Mapping[str, bytes], sizes: Mapping[str, int]
) -> Iterator[bytes]:
    """The rest of an OCI layout: configs, manifests and the index that names them."""
    kind = "application/vnd.oci.image"
    blobs: dict[str, bytes] = {}
    manifests = []
    for image in images:
        absent = [digest for digest in image.layers if digest not in sizes]
        if absent:
            raise ImageError(f"image {image.ref} was saved without its layer {absent[0]}")
        config = _config(image, images, configs)
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": f"{kind}.manifest.v1+json",
                "config": _descriptor(f"{kind}.config.v1+json", _digest(config), len(config)),
                "layers": [
                    _descriptor(f"{kind}.layer.v1.tar", digest, sizes[digest])
                    for digest in image.layers
                ],
            }
        ).encode()
        named = _descriptor(f"{kind}.manifest.v1+json", _digest(manifest), len(manifest))
        named["annotations"] = {"io.containerd.image.name": image.ref}
        manifests.append(named)
        blobs |= {_blob(_digest(blob)): blob for blob in (config, manifest)}
    blobs["index.json"] = json.dumps({"schemaVersion": 2, "manifests": manifests}).encode()
    blobs["oci-layout"] = b'{"imageLayoutVersion": "1.0.0"}'
    for name, blob in blobs.items():
        yield from _entry(name, len(blob), io.BytesIO(blob))


def _config(image: NodeImage, images: Sequence[NodeImage], configs: Mapping[str, bytes]) -> bytes:
    """An image's configuration, of those that were saved; a single one's whatever its ID is."""
    if len(images) == 1:
        return configs[json.loads(configs["manifest.json"])[0]["Config"]]
    for config in configs.values():
        if _digest(config) == image.id:
            return config
    raise ImageError(f"image {image.ref} was saved without its configuration {image.id}")


def _descriptor(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest, "size": size}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _copy(source: IO[bytes], target: IO[bytes]) -> str:
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


class ChunkReader(io.RawIOBase):
    """Chunks, as a file to read from."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; below 0, all that are left."""
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
