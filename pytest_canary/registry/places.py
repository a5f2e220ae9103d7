"""Where in the run's registry the images of other registries lie; pure.

Each has its whole name there, the host's included: what is pushed to one host is not to be found at
another. The stand-in for docker's registries says the same in bash.
"""

from __future__ import annotations

from pytest_canary.k8s.image_names import full_name, repository


def host_part(host: str) -> str:
    """A host's name as a part of another name: "127.0.0.1:5000" is "127.0.0.1-5000"."""
    return host.replace(":", "-").lower()


def host_of(image: str) -> str:
    """The host that an image's name has, or is taken to have: "docker.io"."""
    return full_name(image).partition("/")[0]


def place(part: str, image: str) -> str:
    """The repository of the run's registry in which an image lies.

    Args:
        part: what the names of all of them begin with.
        image: what it is called elsewhere.
    """
    host, _, path = repository(image).partition("/")
    return f"{part}/{host_part(host)}/{path}"


def reference(image: str) -> str:
    """The digest that an image's name has, or else its tag."""
    name, _, digest = full_name(image).partition("@")
    return digest or name.rpartition(":")[2]
