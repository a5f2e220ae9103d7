"""The groups of rules: each is what one assertion of the stage `preflight` stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Group:
    """Rules that are asked for together.

    Attributes:
        name: what it is about.
        of: what its rules look at; where that can't be read, there is nothing to judge.
    """

    name: str
    of: Literal["text", "deployments", "service", "pipelines", "changes"] = "deployments"


YAML = Group("valid YAML", of="text")
VARIABLES = Group("variables", of="text")
SCHEMA = Group("Kubernetes' schema")
DEPLOYMENTS = Group("the two Deployments")
SELECTORS = Group("their selectors")
SERVICE = Group("whom the Service selects", of="service")
ADDRESS = Group("how the Service is reached", of="service")
TARGET_PORT = Group("the Service's target port", of="service")
PROBES = Group("probes")
REFERENCES = Group("what pods refer to")
PULL_POLICY = Group("the pull policy")
FIXED_IMAGES = Group("fixed images")
REQUESTS = Group("requests")
AVAILABILITY = Group("pods that are left")
MIGRATION = Group("what migrates", of="text")
UNCHANGEABLE = Group("fields that can't be changed", of="changes")
LEFT = Group("objects that are left", of="changes")
SHARED = Group("what both versions are given", of="changes")
BESIDE = Group("both versions behind the Service", of="changes")
PIPELINES = Group("Semaphore's pipelines", of="pipelines")
JOBS = Group("what jobs are given", of="pipelines")
PROMOTIONS = Group("promotions and conditions", of="pipelines")
