"""What pods hold in memory, as the kernel of a kind node counts it: anew at each look."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from pytest_canary.core.errors import ClusterError, CommandError
from pytest_canary.core.processes import Processes

# A pod's control group, whichever driver has made it: kubelet-kubepods-burstable-podUID.slice, with
# underscores in the UID, or podUID. What has not been used for long and can be had from a file
# again counts for nothing, as it does for kubelets. Both versions of control groups, the first of
# which has the sum over a group's parts in lines of its own, after the others.
SCRIPT = """\
root=/sys/fs/cgroup
[ ! -d $root/memory ] || root=$root/memory
find $root -type d "(" "$@" ")" -prune | while read -r pod; do
  file=$pod/memory.current
  [ -e "$file" ] || file=$pod/memory.usage_in_bytes
  read -r held <"$file" || continue
  idle=0
  while read -r key value; do
    case $key in inactive_file | total_inactive_file) idle=$value ;; esac
  done <"$pod/memory.stat" || continue
  echo "${pod##*/} $held $idle"
done
"""
LINE = re.compile(r"(?:\S+-)?pod([0-9a-f_-]+)(?:\.slice)? (\d+) (\d+)")


@dataclass(frozen=True)
class NodeMemory:
    """Asks a node.

    Attributes:
        node: the container that it is.
        processes: run what asks.
    """

    node: str
    processes: Processes

    def working_sets(self, pods: Collection[str]) -> dict[str, float]:
        """The working sets of pods, in bytes, by UID; without those that are not there.

        Args:
            pods: their UIDs.

        Raises:
            ClusterError: the node doesn't tell.
        """
        if not pods:
            return {}
        wanted = ["-false"]
        for pod in pods:
            for name in (f"*-pod{pod.replace('-', '_')}.slice", f"pod{pod}"):
                wanted += ["-o", "-name", name]
        try:
            told = self.processes.read(
                ["docker", "exec", self.node, "sh", "-c", SCRIPT, "sh", *wanted], timeout=60
            )
        except CommandError as error:
            raise ClusterError(
                f"{self.node} does not tell what its pods hold: {error.last_words}", error.evidence
            ) from error
        return dict(_pod_memory(found) for found in map(LINE.fullmatch, told.splitlines()) if found)


def _pod_memory(found: re.Match[str]) -> tuple[str, float]:
    pod, held, idle = found.groups()
    return pod.replace("_", "-"), float(max(int(held) - int(idle), 0))
