"""Names of images: what a person leaves out of them, and a node does not."""

from __future__ import annotations


def full_name(image: str) -> str:
    """An image's name as a node has it: with the registry, `library` and `latest` spelled out."""
    name, at, digest = image.partition("@")
    host, slash, rest = name.partition("/")
    if not slash or not (set(host) & set(".:") or host == "localhost"):
        host, rest = "docker.io", name if slash else f"library/{name}"
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
