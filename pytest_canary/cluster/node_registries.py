"""Which registry a node looks in for the images of others: containerd's own hosts.toml.

https://github.com/containerd/containerd/blob/main/docs/hosts.md
"""

from __future__ import annotations

from collections.abc import Mapping

from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes

FOLDER = "/etc/containerd/certs.d"
"""Where containerd looks, a folder for each host."""

OTHERS = "_default"
"""What stands for all hosts that have no folder."""

# Seconds for the node to write a file.
WRITING = 60.0

_TRUSTED = """\
capabilities = ["pull", "resolve"]
ca = "{folder}/{others}/{part}.crt"
override_path = true
"""
# Where the host has no image the server is asked, which is the image's own unless one is named.
# containerd 1.6 takes no server without a host.
_HOSTS = f"""\
server = "https://{{server}}/v2/{{place}}"
{_TRUSTED}
[host."https://{{server}}/v2/{{place}}"]
{_TRUSTED}"""
_IS_READ = f"grep -q 'config_path *= *.{FOLDER}' /etc/containerd/config.toml"
_WRITE = 'mkdir -p "$1" && cat >"$1/$2"'
# /etc/hosts can be written to, and can't be replaced: it is mounted.
_NAME = r'grep -q " $2\$" /etc/hosts || echo "$1 $2" >>/etc/hosts'
_FORGET = f"""\
for each in {FOLDER}/*/; do
  if grep -qs "/v2/$1/" "$each/hosts.toml"; then rm -r "$each"; fi
done
others=$(grep -v " $1-" /etc/hosts)
echo "$others" >/etc/hosts"""


def hosts_file(server: str, part: str, place: str) -> str:
    """A hosts.toml by which a node looks for a host's images in one place of a registry.

    It looks nowhere else: no image of the same name that is live is pulled in the place of one
    that is not there.

    Args:
        server: the registry's host and port, as the node reaches them.
        part: what all its names begin with.
        place: what those of that host begin with.
    """
    return _HOSTS.format(server=server, place=place, folder=FOLDER, others=OTHERS, part=part)


def tell_of_registry(
    processes: Processes,
    node: str,
    certificate: str,
    server: str,
    address: str,
    part: str,
    places: Mapping[str, str],
) -> None:
    """Let a node trust a registry, and look for the images of other hosts there.

    Args:
        processes: run docker.
        node: the name of its container.
        certificate: the registry's, PEM.
        server: its host and port, as its certificate has them; the host begins with the part.
        address: the host's; the node needs nobody to look it up.
        part: what all its names begin with.
        places: what the names there of a host's images begin with, by the host; or `OTHERS`.

    Raises:
        ClusterError: the node's containerd does not look there, or it can't be told.
    """
    files = {(OTHERS, f"{part}.crt"): certificate}
    for host, place in places.items():
        files[host, "hosts.toml"] = hosts_file(server, part, place)
    try:
        _check(processes, node)
        for (folder, name), text in files.items():
            words = ["sh", "-c", _WRITE, "sh", f"{FOLDER}/{folder}", name]
            argv = ["docker", "exec", "-i", node, *words]
            processes.run(argv, timeout=WRITING, stdin=[text.encode()])
        host = server.partition(":")[0]
        argv = ["docker", "exec", node, "sh", "-c", _NAME, "sh", address, host]
        processes.run(argv, timeout=WRITING)
    except CommandError as error:
        raise ClusterError(
            f"node {node} can't be told of the run's registry: {error.sentence}", error.evidence
        ) from error


def _check(processes: Processes, node: str) -> None:
    try:
        processes.run(["docker", "exec", node, "sh", "-c", _IS_READ], timeout=WRITING)
    except CommandError as error:
        if error.code != 1 or error.output.strip():  # it is no answer of grep's
            raise
        raise ClusterError(
            f"the containerd of node {node} reads no {FOLDER}, so it can't be told of the run's "
            "registry; take a node image of kind v0.27 or newer with --kind-image, or leave "
            "pipeline.registry out"
        ) from error


def forget_registry(processes: Processes, node: str, part: str) -> None:
    """Let a node look for images where it did before.

    Raises:
        CommandError: it can't be told.
    """
    argv = ["docker", "exec", node, "sh", "-c", _FORGET, "sh", part]
    processes.run(argv, timeout=WRITING)
