"""Where a node's kernel leads a Service's connections, as `iptables-save` lists its rules: pure.

kube-proxy writes each destination of a Service's cluster address into a rule of the Service's own,
and what it is into that rule's comment.
"""

from __future__ import annotations

import re

# -A KUBE-SVC-COBYYUALRVHXP6FR -m comment --comment "shop/shop-lb:http -> 10.244.0.6:3000" …
DESTINATION = re.compile(r'^-A KUBE-SVC-\S+ .*--comment "(\S+) -> (\S+)"', re.MULTILINE)


def destinations(rules: str, namespace: str, service: str) -> set[str]:
    """The addresses with ports that new connections to a Service are led to.

    Args:
        rules: of the table nat, as `iptables-save` prints them.
        namespace: the Service's.
        service: its name.

    Returns:
        As in "10.244.0.6:3000"; none where it has none, or where kube-proxy writes other rules.
    """
    name = f"{namespace}/{service}"
    return {where for of, where in DESTINATION.findall(rules) if of.partition(":")[0] == name}
