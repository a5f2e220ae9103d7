"""The rules of the static check: a module for each thing that they look at.

A rule has a name, by which it is told and silenced. All are pure functions of a `Subject`.
"""

from __future__ import annotations

# Each rule and what it finds. Settings check their names against it, so it imports nothing.
RULES = {
    "invalid-yaml": "a file that is no YAML",
    "not-an-object": "a document without apiVersion or kind",
    "duplicate-key": "a key, or an entry of a list, that is there twice",
    "unknown-kind": "a kind that this version of Kubernetes does not have",
    "unknown-field": "a field that the kind does not have",
    "missing-field": "a field that the kind must have",
    "wrong-type": "a number where text is wanted, and the like",
    "wrong-value": "a value that Kubernetes refuses",
    "unset-variable": "a variable of a template that has no value",
    "unused-variable": "a variable in [environment] that nothing uses",
    "no-deployment": "a template without a Deployment, or with several",
    "wrong-name": "a Deployment that is not called what apply.sh is given",
    "wrong-replicas": "a number of replicas that is not what apply.sh is given",
    "wrong-image": "a Deployment that does not run the image that apply.sh is given",
    "fixed-namespace": "an object in a namespace that is not the rehearsal's",
    "overlapping-selectors": "a Deployment that selects the other's pods",
    "selector-misses-pods": "a Deployment that does not select its own pods",
    "no-service": "no Service of the expected name",
    "no-selector": "a Service that selects nothing",
    "selects-no-pod": "a Service that does not select the pods of both Deployments",
    "unreachable-service": "a Service that has no address outside the cluster",
    "session-affinity": "a Service that does not share connections by numbers of pods",
    "no-target-port": "a Service whose target port no container has",
    "no-readiness-probe": "a container that gets traffic before it is ready",
    "empty-probe": "a probe that asks nothing",
    "no-probe-port": "a probe of a port that the container does not have",
    "missing-secret": "a Secret that will not be there",
    "missing-config-map": "a ConfigMap that will not be there",
    "missing-key": "a key that a Secret or ConfigMap will not have",
    "missing-volume": "a mounted volume that the pod does not have",
    "missing-claim": "a PersistentVolumeClaim that will not be there",
    "missing-service-account": "a ServiceAccount that will not be there",
    "pull-policy": "a pull policy with which the image is not found",
    "latest-image": "an image without a fixed tag",
    "request-above-limit": "a request that is above its own limit",
    "request-beyond-node": "requests that the node does not have",
    "takes-last-pod": "a strategy that takes the last pod of a rollout",
    "blocking-budget": "a PodDisruptionBudget that allows no pod to go",
}
