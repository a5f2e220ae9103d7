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
from concurrent.futures import ThreadPoolExecutor, wait

from pytest_canary.core.errors import CommandError
from pytest_canary.core.processes import Processes

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

# What kind says when the node has started and kubeadm begins. Nothing is asked in the node before:
# a process beside systemd's own may keep that from setting up its control groups.
BEGINS = "Starting control-plane"

GRACE = 2.0
TOO_LATE = "the cluster was made before that could be said"


class EarlyDns:
    """Has the kubelet look at CoreDNS every second, in a node that is made in this context.

    Where that doesn't succeed, everything is as kubeadm has it.

    Args:
        node: the node, which is not there yet.
        processes: run the engine's command; none of it outlives the context.
        timeout: seconds until the node's own end of it gives up.
        grace: seconds after kind's own end; what is later than that is not waited for.

    Attributes:
        notes: after the context, why that didn't succeed, in a sentence; none where it did.
    """

    def __init__(
        self, node: str, processes: Processes, timeout: float, grace: float = GRACE
    ) -> None:
        self.notes: list[str] = []
        self._argv = ["docker", "exec", node, "timeout", f"{timeout:.0f}", "sh", "-c", SCRIPT]
        self._timeout = timeout
        self._grace = grace
        self._processes = processes.part()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="canary-dns")
        self._begun, self._over = threading.Event(), threading.Event()
        self._why = TOO_LATE

    def hear(self, line: str) -> None:
        """Take note of what kind says, from any thread."""
        if BEGINS in line:
            self._begun.set()

    def __enter__(self) -> EarlyDns:
        self._asking = self._pool.submit(self._ask)
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        if error is None and self._begun.is_set():
            wait([self._asking], timeout=self._grace)
        self._over.set()
        self._begun.set()
        self._processes.kill_until_done(self._asking)
        self._pool.shutdown()
        if self._why:
            self.notes.append(f"CoreDNS is looked at every 10 s, not every second: {self._why}")

    def _ask(self) -> None:
        self._begun.wait()
        if self._over.is_set():
            return
        try:
            self._processes.run(self._argv, timeout=self._timeout)
            self._why = ""
        except CommandError as error:
            if not self._over.is_set():
                self._why = error.last_words
