"""What is sent to a node: the tar that `oci_layout` makes, parsed back, every digest checked."""

import hashlib
import io
import json
import os
import random
import tarfile
from collections.abc import Collection, Iterator

import pytest

from pytest_canary.cluster.image_archive import CHUNK, ChunkReader, NodeImage, oci_layout
from pytest_canary.core.errors import ImageError

REF = "docker.io/library/app:0123"


def digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def blob_path(name: str) -> str:
    return f"blobs/{name.replace(':', '/')}"


def tarred(files: list[tuple[str, bytes | str]]) -> bytes:
    """A tar of files; a text is the target of a link, as Docker has a layer that comes twice."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in files:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


def untarred(chunks: Iterator[bytes]) -> dict[str, bytes]:
    found = {}
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        for member in tar:
            assert member.name not in found, f"{member.name} is there twice"
            content = tar.extractfile(member)
            assert content
            found[member.name] = content.read()
    return found


class Old:
    """An image as Docker up to 24 saves it: folders by ID, in the order of the IDs."""

    def __init__(self, *layers: bytes, seed: int = 1) -> None:
        self.blobs = {digest(layer): layer for layer in layers}
        self.layers = [digest(layer) for layer in layers]
        config = {"architecture": "amd64", "rootfs": {"type": "layers", "diff_ids": self.layers}}
        self.config = json.dumps(config).encode()
        name = f"{digest(self.config).removeprefix('sha256:')}.json"
        chance = random.Random(seed)
        ids = [f"{chance.getrandbits(256):064x}" for _ in layers]
        files: list[tuple[str, bytes | str]] = [(name, self.config)]
        first: dict[str, str] = {}
        for id_, layer in zip(ids, layers, strict=True):
            files += [(f"{id_}/VERSION", b"1.0"), (f"{id_}/json", b'{"id": "x"}')]
            known = first.setdefault(digest(layer), id_)
            content = layer if known == id_ else f"../{known}/layer.tar"
            files.append((f"{id_}/layer.tar", content))
        manifest = [{"Config": name, "Layers": [f"{id_}/layer.tar" for id_ in ids]}]
        files += [("manifest.json", json.dumps(manifest).encode()), ("repositories", b"{}")]
        self.tar = tarred(sorted(files, key=lambda file: file[0]))

    def sent(self, held: Collection[str] = (), layers: list[str] | None = None) -> dict[str, bytes]:
        wanted = NodeImage(REF, digest(self.config), layers or self.layers)
        return untarred(oci_layout([self.tar], [wanted], set(held)))


def checked(files: dict[str, bytes], layers: list[str], held: set[str]) -> None:
    """The files are an OCI layout whose every blob is there, or held by the node."""
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    for name, content in files.items():
        if name.startswith("blobs/"):
            assert blob_path(digest(content)) == name
    (named,) = json.loads(files["index.json"])["manifests"]
    assert named["annotations"] == {"io.containerd.image.name": REF}
    manifest = json.loads(files[blob_path(named["digest"])])
    assert len(files[blob_path(named["digest"])]) == named["size"]
    config = files[blob_path(manifest["config"]["digest"])]
    assert len(config) == manifest["config"]["size"]
    assert json.loads(config)["rootfs"]["diff_ids"] == layers
    assert [layer["digest"] for layer in manifest["layers"]] == layers
    for layer in manifest["layers"]:
        if layer["digest"] in held:
            assert blob_path(layer["digest"]) not in files
        else:
            assert len(files[blob_path(layer["digest"])]) == layer["size"]


LAYERS = tuple(bytes([n]) * (700 + 1000 * n) for n in range(5))


@pytest.mark.parametrize("seed", range(8))
def test_an_old_tar_becomes_a_layout_whatever_the_order_of_its_layers(seed: int) -> None:
    image = Old(*LAYERS, seed=seed)
    checked(image.sent(), image.layers, set())


@pytest.mark.parametrize("seed", range(8))
def test_layers_that_the_node_holds_are_left_out_and_no_others(seed: int) -> None:
    image = Old(*LAYERS, seed=seed)
    held = set(image.layers[:3])
    files = image.sent(held)
    checked(files, image.layers, held)
    assert {blob_path(d) for d in image.layers[3:]} <= set(files)


def test_an_image_that_the_node_holds_whole_is_sent_without_a_layer() -> None:
    image = Old(*LAYERS)
    files = image.sent(set(image.layers))
    checked(files, image.layers, set(image.layers))
    assert sum(len(content) for content in files.values()) < 3000


def test_a_held_layers_size_is_told_all_the_same() -> None:
    image = Old(*LAYERS)
    files = image.sent({image.layers[4]})
    index = json.loads(files["index.json"])
    manifest = json.loads(files[blob_path(index["manifests"][0]["digest"])])
    assert manifest["layers"][4]["size"] == len(LAYERS[4])


def test_a_layer_that_comes_twice_is_sent_once_and_named_twice() -> None:
    image = Old(LAYERS[0], LAYERS[1], LAYERS[0])
    files = image.sent()
    checked(files, image.layers, set())
    assert image.layers[0] == image.layers[2]


def test_a_tar_with_a_layer_too_many_is_refused() -> None:
    image = Old(*LAYERS)
    with pytest.raises(ImageError, match=f"saved with layer {image.layers[4]}, which it has not"):
        image.sent(layers=image.layers[:4])


def test_a_tar_with_a_layer_too_few_is_refused() -> None:
    image, other = Old(*LAYERS[:2]), digest(LAYERS[4])
    with pytest.raises(ImageError, match=f"{REF} was saved without its layer {other}"):
        image.sent(layers=[*image.layers, other])


def together(*images: Old) -> bytes:
    """What Docker saves of several images: a layer that they share comes once."""
    files: dict[str, bytes | str] = {}
    known: set[str] = set()
    entries = []
    for image in images:
        with tarfile.open(fileobj=io.BytesIO(image.tar)) as tar:
            for member in tar:
                content = tar.extractfile(member) if member.isreg() else None
                if content is None:
                    continue
                read = content.read()
                if member.name == "manifest.json":
                    entries += json.loads(read)
                elif member.name.endswith("/layer.tar") and digest(read) in known:
                    continue
                else:
                    known.add(digest(read))
                    files[member.name] = read
    # In whatever order: it doesn't say which image was asked for first.
    files["manifest.json"] = json.dumps(entries[::-1]).encode()
    return tarred(sorted(files.items()))


def test_several_images_are_sent_at_once_and_what_they_share_once() -> None:
    one, other = Old(*LAYERS[:3]), Old(*LAYERS[:2], LAYERS[4], seed=2)
    wanted = [
        NodeImage(f"{REF}{number}", digest(image.config), image.layers)
        for number, image in enumerate((one, other, one))
    ]
    held = {digest(LAYERS[0])}
    files = untarred(oci_layout([together(one, other)], wanted, held))
    named = json.loads(files["index.json"])["manifests"]
    for entry, image in zip(named, (one, other, one), strict=True):
        manifest = json.loads(files[blob_path(entry["digest"])])
        assert files[blob_path(manifest["config"]["digest"])] == image.config
        assert [layer["digest"] for layer in manifest["layers"]] == image.layers
    assert [entry["annotations"]["io.containerd.image.name"] for entry in named] == [
        each.ref for each in wanted
    ]
    layers = {blob_path(digest(layer)) for layer in LAYERS}
    assert layers & set(files) == {blob_path(digest(LAYERS[each])) for each in (1, 2, 4)}


def test_one_of_several_whose_configuration_is_not_there_is_named() -> None:
    one, other = Old(*LAYERS[:3]), Old(*LAYERS[:2], seed=2)
    wanted = [
        NodeImage(REF, digest(one.config), one.layers),
        NodeImage("b", "sha256:0", other.layers),
    ]
    with pytest.raises(ImageError, match="image b was saved without its configuration sha256:0"):
        untarred(oci_layout([together(one, other)], wanted, set()))


def new_tar(*blobs: bytes) -> bytes:
    files: list[tuple[str, bytes | str]] = [(blob_path(digest(blob)), blob) for blob in blobs]
    files += [("index.json", b'{"manifests": []}'), ("oci-layout", b"{}"), ("manifest.json", b"[]")]
    return tarred(files)


def test_a_new_tar_passes_without_the_big_blobs_that_the_node_holds() -> None:
    big, small, other = os.urandom(CHUNK + 1), b'{"schemaVersion": 2}', os.urandom(CHUNK + 2)
    held = {digest(big), digest(small)}
    files = untarred(oci_layout([new_tar(big, small, other)], [NodeImage(REF, "", [])], held))
    assert set(files) == {
        blob_path(digest(small)),  # it may be the manifest, which the node reads from the tar
        blob_path(digest(other)),
        "index.json",
        "oci-layout",
    }
    assert files[blob_path(digest(other))] == other
    assert files["index.json"] == b'{"manifests": []}'


def test_the_chunks_of_the_tar_may_have_any_size() -> None:
    chance = random.Random(7)
    for _ in range(25):
        layers = [
            chance.randbytes(chance.randrange(0, 4000)) for _ in range(chance.randrange(1, 6))
        ]
        image = Old(*layers, seed=chance.getrandbits(32))
        held = {each for each in image.layers if chance.random() < 0.4}
        chunks, rest = [], image.tar
        while rest:
            size = chance.choice([1, 17, 511, 512, 513, 4096, 20_000])
            chunks.append(rest[:size])
            rest = rest[size:]
        wanted = [NodeImage(REF, digest(image.config), image.layers)]
        checked(untarred(oci_layout(chunks, wanted, held)), image.layers, held)


def test_a_reader_reads_chunks_as_a_file_would() -> None:
    chance = random.Random(3)
    for _ in range(50):
        whole = chance.randbytes(chance.randrange(0, 500))
        cuts = sorted(chance.randrange(0, len(whole) + 1) for _ in range(chance.randrange(0, 9)))
        chunks = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
        reader, file = ChunkReader(chunks), io.BytesIO(whole)
        for _ in range(12):
            size = chance.choice([0, 1, 7, 100])
            assert reader.read(size) == file.read(size)
        assert reader.read() == file.read()
        assert reader.read(5) == b""
