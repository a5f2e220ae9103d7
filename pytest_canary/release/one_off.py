"""A pod that runs one command as a version's own would, on a database that is named."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from pytest_canary.database.deployment import NAME_VARIABLE, SECRET
from pytest_canary.k8s.objects import Object


def one_off(
    pod: Object,
    app: str,
    name: str,
    command: Sequence[str],
    database: str,
    *,
    serves: bool = False,
) -> dict[str, Any]:
    """A pod that runs one command like the given one would, on another database, and ends.

    No label goes along, so that no Service sends it traffic and no ReplicaSet adopts it; and no
    other container, as sidecars never end. What would come before the command's still does.

    Args:
        pod: the given one.
        app: which of its containers the command would run in; it may be an init container.
        name: what the new one is called.
        command: what runs; empty for the container's own.
        database: the other database's name.
        serves: whether it goes on, as the app does; then its probes go along.
    """
    spec = copy.deepcopy(dict(pod["spec"]))
    before = spec.get("initContainers", [])
    names = [each["name"] for each in before]
    if app in names:
        container = before[names.index(app)]
        spec["initContainers"] = before[: names.index(app)]
    else:
        container = next(each for each in spec["containers"] if each["name"] == app)
    if not serves:
        for probe in ("livenessProbe", "readinessProbe", "startupProbe", "lifecycle"):
            container.pop(probe, None)
    if command:
        container.pop("args", None)
        container["command"] = list(command)
    # The token's volume is added anew to every pod; the node is the scheduler's to choose.
    spec = {k: v for k, v in spec.items() if k not in ("nodeName", "tolerations", "priority")}
    volumes = [v for v in spec.get("volumes", []) if not v["name"].startswith("kube-api-access-")]
    spec["volumes"] = volumes
    for each in [container, *spec.get("initContainers", [])]:
        each["env"] = env_on(each, database)
        each["volumeMounts"] = [
            mount
            for mount in each.get("volumeMounts", [])
            if not mount["name"].startswith("kube-api-access-")
        ]
    spec["containers"] = [container]
    spec["restartPolicy"] = "Never"
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


def env_on(container: Mapping[str, Any], database: str) -> list[dict[str, Any]]:
    """A container's variables, those with another database's name that have the live one's.

    Args:
        container: may take it from the run's Secret under any name, or all of that with a prefix.
        database: the other database's name.
    """
    given = container.get("env") or []
    sources = container.get("envFrom") or []
    refs = {item["name"]: (item.get("valueFrom") or {}).get("secretKeyRef") or {} for item in given}
    names = [
        NAME_VARIABLE,
        *(
            f"{source.get('prefix') or ''}{NAME_VARIABLE}"
            for source in sources
            if (source.get("secretRef") or {}).get("name") == SECRET
        ),
        *(
            name
            for name, ref in refs.items()
            if (ref.get("name"), ref.get("key")) == (SECRET, NAME_VARIABLE)
        ),
    ]
    # The first, as the others may refer to them: $(DB_SCHEMA) knows only what stands before.
    others = [dict(item) for item in given if item["name"] not in names]
    return [*({"name": name, "value": database} for name in dict.fromkeys(names)), *others]
