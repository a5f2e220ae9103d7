"""The rule unheeded-sigterm: pods that have to be killed, as they don't end when told to."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_canary.core.findings import Finding
from pytest_canary.core.wording import plural
from pytest_canary.k8s.terminations import Killed
from pytest_canary.rendering.version import Version

# Seconds to end that are few: what heeds SIGTERM may need as many.
FEW = 10


def unheeded_sigterm(killed: Sequence[Killed], version: Version) -> list[Finding]:
    """What is wrong with how the pods of a version end.

    Args:
        killed: the containers that were killed at the end of their time.
        version: its own count; a sidecar's image is somebody else's, and so is another version's.
    """
    own = [each for each in killed if each.image == version.image]
    if not own:
        return []
    first, longest = own[0], max(each.seconds for each in own)
    likely = (
        "nothing in the container handles SIGTERM: the first process ignores it unless it says "
        "otherwise, and a shell passes it on to nobody"
    )
    mend = (
        "handle SIGTERM in the app, or let an init such as tini start it, and a shell by exec; and "
        "end before that time is over"
    )
    if longest < FEW:
        short = f"{longest} s may be too short for it, as it serves on or finishes what it does"
        likely = f"{short}; or {likely}"
        mend = f"give it more time in terminationGracePeriodSeconds; or {mend}"
    return [
        Finding(
            code="unheeded-sigterm",
            sentence=f"the {version.title}'s pods don't end when they are told to, by SIGTERM: "
            f"they are killed {longest} s later, with whatever they are doing",
            where=f"pod {first.pod}, container {first.container}",
            seen=f"{plural(len(own), 'pod')} killed at the end of terminationGracePeriodSeconds",
            likely=likely,
            next=mend,
        )
    ]
