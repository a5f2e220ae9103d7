"""Settings of worlds: those that all of them begin with, and what some have beside."""

from typing import Any

SETTINGS: dict[str, Any] = {
    "commands": {"ping": ["app", "ping"], "migrate": ["app", "migrate"], "down": ["app", "down"]},
    # Requests are real ones, and on a busy machine the app that answers them may stand still for
    # seconds.
    "deadlines": {"rollout": 5, "command": 5, "request": 60},
    # Its requests come when they come, which most of these tests can't do with.
    "traffic": {"rate": 0},
    "api": {"checks": [{"method": "GET", "path": "/ready", "contains": "true"}]},
}
NO_HEADER = {"api": {"version-header": ""}}
"""Settings by which no header tells which version answers."""

_BOOK = "fixtures/pipelines/book/.semaphore"
PIPELINES = {"pipeline": {"file": f"{_BOOK}/semaphore.yml", "run": False}}
"""Settings that name pipelines of Semaphore's, to be looked at alone."""

DELIVERED = {
    "pipeline": {
        "file": f"{_BOOK}/semaphore.yml",
        "canary": f"{_BOOK}/canary-digitalocean.yml",
    }
}
"""Settings by which pipelines of Semaphore's make the transitions."""

JOB: dict[str, Any] = {
    "migration": {"job": "tests/fakes/migrate-job.yml"},
    "commands": {"down": ["app", "down"]},
}
"""Settings by which a Job migrates."""

JOB_BESIDE: dict[str, Any] = {
    "manifests": {"deployment": "fixtures/migrations/job-beside.yml"},
    "commands": {"down": ["app", "down"]},
}
"""Settings by which a Job migrates that stands in the Deployment's template."""

INIT: dict[str, Any] = {
    "manifests": {"deployment": "fixtures/migrations/init-container.yml"},
    "commands": {"down": ["app", "down"]},
}
"""Settings of an app whose pods have an init container that migrates."""

START: dict[str, Any] = {
    "manifests": {"deployment": "fixtures/migrations/start.yml"},
    "migration": {"by": "start"},
    "commands": {"down": ["app", "down"]},
}
"""Settings of an app that migrates as it starts."""

NO_CANARY: dict[str, Any] = {
    "replicas": {"canary": 0},
    "commands": {"ping": [], "migrate": [], "down": []},
}
"""Settings of an update without a canary, of an app that migrates nothing."""

JOB_FIRST = JOB | {"migration": {**JOB["migration"], "first": True}}
"""The same, before there is a pod of its version."""

JUDGED = {"traffic": {"rate": 40}}
"""Settings of traffic of which a canary behind the Service gets enough for a go."""

LOADED = {"traffic": {"rate": 10}}
"""Settings that let traffic flow: so little that all of it can be made up for after half a minute
in which a busy machine runs other things."""
