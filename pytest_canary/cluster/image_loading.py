"""Images from the engine into a kind node: streamed, several at once, and only what it lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_canary.cluster.container_engine import Image
from pytest_canary.cluster.image_archive import CHUNK, NodeImage, oci_layout
from pytest_canary.core.errors import CommandError, ImageError
from pytest_canary.core.processes import Processes
from pytest_canary.k8s.image_names import full_name

if TYPE_CHECKING:
    import docker

CTR = ("ctr", "--namespace=k8s.io")


def load(
    client: docker.DockerClient,
    processes: Processes,
    images: Sequence[Image],
    node: str,
    timeout: float,
) -> None:
    """Put images into a node.

    Nothing is sent where the node holds the image under another name: Kubernetes keeps each one
    under its ID too (containerd's CRI plugin, `updateImage`). A layer that several of them have is
    packed by the engine and sent once.

    Args:
        client: the engine's API.
        processes: run the docker command.
        images: one at least.
        node: the node's container.
        timeout: seconds until a command is given up.

    Raises:
        ImageError: the engine can't save them or the node can't take them.
    """
    import docker

    refs = ", ".join(image.ref for image in images)
    ctr = ["docker", "exec", node, *CTR]
    try:
        known = processes.read([*ctr, "images", "ls", "-q"], timeout=timeout).split()
        for image in images:
            if image.id in known:
                again = [*ctr, "images", "tag", "--force", image.id, full_name(image.ref)]
                processes.run(again, timeout=timeout)
        absent = [image for image in images if image.id not in known]
        if not absent:
            return
        held = processes.read([*ctr, "content", "ls", "-q"], timeout=timeout).split()
        wanted = [_node_image(client, image) for image in absent]
        processes.run(
            ["docker", "exec", "-i", node, *CTR, "images", "import", "-"],
            timeout=timeout,
            stdin=oci_layout(_save(client, absent), wanted, set(held)),
        )
    except CommandError as error:
        raise ImageError(
            f"image {refs} can't be loaded into {node}: {error.sentence}", error.evidence
        ) from error
    except docker.errors.DockerException as error:
        raise ImageError(
            f"image {refs} can't be saved for {node}: {error}; see that nobody removed it"
        ) from error


def _node_image(client: docker.DockerClient, image: Image) -> NodeImage:
    layers = client.api.inspect_image(image.ref)["RootFS"].get("Layers", [])
    return NodeImage(full_name(image.ref), image.id, layers)


def _save(client: docker.DockerClient, images: Sequence[Image]) -> Iterator[bytes]:
    """`docker save` of several at once, for which docker-py has no method."""
    import requests
    from docker.errors import create_api_error_from_http_exception

    api = client.api
    with api.get(
        f"{api.base_url}/v{api.api_version}/images/get",
        params={"names": [image.ref for image in images]},
        stream=True,
        timeout=api.timeout,
    ) as response:
        try:
            response.raise_for_status()
        except requests.HTTPError as error:
            create_api_error_from_http_exception(error)
        yield from response.iter_content(CHUNK)
