"""Names of images: what a person leaves out of them, and a node does not."""

from __future__ import annotations

_HUB = "docker.io"


def full_name(image: str) -> str:
    """An image's name as a node has it: with the registry, `library` and `latest` spelled out."""
    name, at, digest = image.partition("@")
    host, slash, rest = name.partition("/")
    if not slash or not (set(host) & set(".:") or host == "localhost"):
        host, rest = _HUB, name
    if host in (_HUB, f"index.{_HUB}"):
        host, rest = _HUB, rest if "/" in rest else f"library/{rest}"
    if not tag(rest) and not at:
        rest += ":latest"
    return f"{host}/{rest}{at}{digest}"


def repository(image: str) -> str:
    """The full name without its tag and its digest."""
    name = full_name(image).partition("@")[0]
    return name.removesuffix(f":{tag(name)}")


def tag(image: str) -> str:
    """The tag as it stands; empty where there is none, as beside a digest alone."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]
