"""Lets CoreDNS take questions as soon as it can, and not when the kubelet looks next.

kubeadm has the kubelet look at CoreDNS's readiness every 10 s, the first time at a moment that it
draws by lot. CoreDNS answers 2 s after its start, and until it has been seen to, names don't
resolve in pods. kind has no way to say so beforehand: the Deployment is changed as soon as kubeadm
has made it. Where its controller was quicker, pods that have hardly begun are replaced, which
takes no longer.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from pytest_canary.core.errors import CanaryError, CommandError
from pytest_canary.core.processes import Processes
from pytest_canary.core.waiting import Seen, Waiter

PATCH = {
    "spec": {
        "template": {
            "spec": {"containers": [{"name": "coredns", "readinessProbe": {"periodSeconds": 1}}]}
        }
    }
}

# As it runs in the node, where the certificate is that the API server takes for kubeadm's own. Not
# by kubectl, whose every start takes from the two cores what everybody waits for.
PKI = "/etc/kubernetes/pki"
SCRIPT = f"""\
until curl --silent --show-error --fail --output /dev/null --noproxy '*' --cacert {PKI}/ca.crt \
  --cert {PKI}/apiserver-kubelet-client.crt --key {PKI}/apiserver-kubelet-client.key \
  --request PATCH --header 'Content-Type: application/strategic-merge-patch+json' \
  --data '{json.dumps(PATCH)}' \
  https://localhost:6443/apis/apps/v1/namespaces/kube-system/deployments/coredns
do sleep 0.2
done
"""

# Seconds after kind's own end: what is later than that is not waited for.
GRACE = 2.0
TOO_LATE = "the cluster was made before that could be said"


@contextmanager
def dns_seen_early(
    node: str, processes: Processes, waiter: Waiter, timeout: float
) -> Iterator[list[str]]:
    """Have the kubelet look at CoreDNS every second, in a node that is made in this context.

    Where that doesn't succeed, everything is as kubeadm has it.

    Args:
        node: the node, which may not be there yet.
        processes: run the engine's command; none of it outlives the context.
        waiter: its clock is the wait's, and who listens to it may end it.
        timeout: seconds until the node's own end of it gives up.

    Returns:
        After the context, why that didn't succeed, in a sentence; nothing where it did.
    """
    ours, over, why = processes.part(), threading.Event(), [TOO_LATE]
    argv = ["docker", "exec", node, "timeout", f"{timeout:.0f}", "sh", "-c", SCRIPT]

    def look() -> Seen[None]:
        if over.is_set():
            return Seen("the cluster is made", True, None)
        try:
            ours.run(argv, timeout=timeout)
        except CommandError as error:
            if not over.is_set():
                why[:] = error.output.strip().splitlines()[-1:] or [error.sentence]
            return Seen(why[0], False, None)
        why.clear()
        return Seen("it is looked at every second", True, None)

    def pause(seconds: float) -> None:
        over.wait(seconds)

    def ask() -> None:
        quiet = Waiter(waiter.clock, waiter.listener)
        with suppress(CanaryError):
            quiet.until(f"CoreDNS on {node}", look, timeout=timeout, change=pause)

    told: list[str] = []
    asking = threading.Thread(target=ask, name="canary-dns", daemon=True)
    asking.start()
    try:
        yield told
        asking.join(GRACE)
    finally:
        over.set()
        while asking.is_alive():
            # One may just have been started.
            ours.kill_all()
            asking.join(0.1)
        told += [f"CoreDNS is looked at every 10 s, not every second: {each}" for each in why]
