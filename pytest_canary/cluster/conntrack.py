"""What the kernel of a node knows of connections through it, as `conntrack -L` lists them: pure.

kube-proxy, in whichever mode, leads a Service's connection to one of its pods by the kernel's
connection tracking. So each one's reply comes from the address of the pod that has got it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from pytest_canary.core.errors import ClusterError
from pytest_canary.core.wording import cut

# An entry has two of each, first as the connection was opened, then as it is replied to:
# tcp 6 118 TIME_WAIT src=172.18.0.1 dst=172.18.0.2 sport=33676 dport=30002 src=10.244.0.5 …
FIELD = re.compile(r"(?<!\S)(src|dst|sport|dport)=(\S+)")
ORDER = ("src", "dst", "sport", "dport")

# States in which a connection is over; its entry stays until its time has passed.
OVER = ("TIME_WAIT", "CLOSE")

# Characters of a line that can't be read which are shown.
SHOWN = 200


@dataclass(frozen=True)
class Connection:
    """One TCP connection, which these tell from every other that is listed beside it.

    Attributes:
        opened: source and destination, their ports, as whoever opened it has them.
        replied: the same of what comes back: its source is the pod.
    """

    opened: tuple[str, str, int, int]
    replied: tuple[str, str, int, int]

    @property
    def port(self) -> int:
        """The port that it was opened to, such as a Service's node port."""
        return self.opened[3]

    @property
    def pod(self) -> str:
        """The address that replies: that of a pod, where the connection came to one."""
        return self.replied[0]


@dataclass(frozen=True)
class Entry:
    """How a connection stands.

    Attributes:
        over: whether it is over.
        left: seconds after which it is forgotten, unless more comes.
    """

    over: bool
    left: int


Table = Mapping[Connection, Entry]


def table(listing: str, port: int) -> Table:
    """The TCP connections to a port, of what `conntrack -L` has printed, be it extended.

    Raises:
        ClusterError: a line of it is none of conntrack's.
    """
    found: dict[Connection, Entry] = {}
    for line in filter(str.strip, listing.splitlines()):
        try:
            read = _read(line)
        except ValueError as error:
            shown = cut(line, SHOWN)
            raise ClusterError(
                f"`conntrack -L` on the node lists what is no connection: {shown!r}"
            ) from error
        if read and read[0].port == port:
            found[read[0]] = read[1]
    return found


def connections_between(before: Table, after: Table) -> list[Connection]:
    """The connections that were made between two looks at a table.

    A client's port is soon used again, and where that leads to the same pod, the old entry is begun
    anew. So one that was over, and now has more time left than it had, is another connection.
    """
    return [
        each
        for each, entry in after.items()
        if each not in before or (before[each].over and entry.left > before[each].left)
    ]


def _read(line: str) -> tuple[Connection, Entry] | None:
    """What a line says; None where that is no TCP connection.

    Raises:
        ValueError: it says nothing of the kind.
    """
    fields, words = FIELD.findall(line), line.split()
    if "tcp" not in words[:3] and fields:
        return None  # another protocol, which may have no ports
    if "tcp" not in words[:3] or tuple(name for name, _ in fields) != ORDER * 2:
        raise ValueError(line)
    values = [value for _, value in fields]
    # After the protocol's number; one that the hardware has taken over has neither.
    time, state = (*words[words.index("tcp") + 2 :], "", "")[:2]
    left = int(time) if time.isdecimal() else 0
    return Connection(_way(values[:4]), _way(values[4:])), Entry(state in OVER, left)


def _way(values: list[str]) -> tuple[str, str, int, int]:
    source, destination, source_port, destination_port = values
    return (str(ip_address(source)), destination, int(source_port), int(destination_port))
