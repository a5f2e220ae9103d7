"""Pods that no node takes, and nodes that take none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from pytest_canary.core.findings import Finding
from pytest_canary.diagnosis.subject import Look, moment, times
from pytest_canary.k8s.objects import Object, condition, is_over, is_ready, node_is_ready, node_says
from pytest_canary.k8s.quantities import describe, plain, quantity, requests
from pytest_canary.k8s.selectors import matches_node

SILENT = 10
"""Seconds after which a kubelet that has said nothing about a new pod is reported."""

NO_AUTOSCALER = 30
"""Seconds of a pod without node after which no autoscaler will make one: they look every 10 s."""

# As cluster-autoscaler and Karpenter say that they are making a node for a pod.
_NODE_IS_COMING = ("TriggeredScaleUp", "Nominated")
# Who provides nodes of which there are as many as there are: kind, k3s.
_FIXED = ("kind:", "k3s:")

# As a kubelet words it that a pod has used more than its own manifest lets it.
_OWN_DOING = re.compile(r"exceed(?:s|ed) (?:the|its) .*limit")


def find(look: Look, pod: Object) -> Iterator[Finding]:
    """Why a pod has no node, or its node does nothing about it."""
    scheduled = condition(pod, "PodScheduled")
    if scheduled.get("status") == "False":
        yield _unschedulable(look, pod, str(scheduled.get("message", "")))
    if pod["spec"].get("nodeName"):
        yield from _not_taken_up(look, pod)


def find_nodes(look: Look) -> Iterator[Finding]:
    """Nodes that are not ready, where pods are on them or wait for one."""
    wanted = {pod["spec"].get("nodeName") for pod in look.pods}
    for node in look.objects.nodes:
        name = node["metadata"]["name"]
        if node_is_ready(node) or not wanted & {name, None}:
            continue
        here = [p["metadata"]["name"] for p in look.pods if p["spec"].get("nodeName") == name]
        yield Finding(
            "NodeNotReady",
            f"node {name} is not ready: {node_says(node).rstrip('.')}",
            where=f"node {name}" + (f", with pod {here[0]}" if here else ""),
            next=f"kubectl describe node {name}",
            doomed=False,  # a kubelet that comes back takes up where it was
        )


def find_evicted(look: Look) -> Iterator[Finding]:
    """Pods that their node has thrown out, or not let in, and that nothing has replaced yet."""
    thrown = [(pod, *why) for pod in look.pods for why in [_thrown_out(look, pod)] if why]
    out = [pod for pod, *_ in thrown]
    # Such a pod stays, so that one can read why; the ReplicaSet makes another.
    ready = [pod for pod in look.pods if is_ready(pod) and pod not in out]
    if not thrown or len(ready) >= look.expected.replicas:
        return
    thrown.sort(key=lambda each: str(each[0]["metadata"].get("creationTimestamp", "")))
    own = [each for each in thrown if _OWN_DOING.search(each[2])]
    # Once may be bad luck, and a node that is full is no fault of the pod's.
    doomed = len(own) > 1
    pod, reason, message = (own if doomed else thrown)[-1]
    name = pod["metadata"]["name"]
    yield Finding(
        reason,
        f"{look.name}'s pod was {'evicted' if reason == 'Evicted' else 'refused by its node'}: "
        f"{message.strip().rstrip('.') or reason}",
        where=f"pod {name}",
        seen=times(len(thrown)),
        next=f"kubectl describe pod {name}",
        doomed=doomed,
    )


def _thrown_out(look: Look, pod: Object) -> tuple[str, str] | None:
    """Why a node has got rid of a pod: reason and message; None where it hasn't."""
    # A process that ends with 0 when it is evicted makes its pod "Succeeded", and only the event
    # tells; it comes first in any case.
    for event in look.events("Pod", pod["metadata"]["name"], "Evicted"):
        return event.reason, event.message
    status = pod.get("status", {})
    if status.get("phase") == "Failed" and status.get("reason"):
        return str(status["reason"]), str(status.get("message", ""))
    return None


def _not_taken_up(look: Look, pod: Object) -> Iterator[Finding]:
    status = pod.get("status", {})
    conditions = status.get("conditions") or []
    bound = [c.get("lastTransitionTime") for c in conditions if c["type"] == "PodScheduled"]
    if status.get("startTime") or not any(bound) or look.objects.now is None:
        return
    seconds = (look.objects.now - moment(bound[0])).total_seconds()
    if seconds >= SILENT:
        node = pod["spec"]["nodeName"]
        yield Finding(
            "KubeletSilent",
            f"node {node} was given a pod of {look.name} {seconds:.0f} s ago, and its kubelet has "
            "not said anything about it",
            where=f"pod {pod['metadata']['name']}",
            next=f"kubectl describe node {node}",
            doomed=False,
        )


def _unschedulable(look: Look, pod: Object, message: str) -> Finding:
    nodes = look.objects.nodes
    unfit = _too_big(look, pod) or _unlike_any(pod, nodes)
    why = unfit or _full(look, pod) or _describe_taints(pod, nodes) or _words(message)
    coming = _describe_coming(look, pod)
    return Finding(
        "Unschedulable",
        f"{look.name} can't be scheduled: {why}{'; ' if coming else ''}{coming}",
        where=f"pod {pod['metadata']['name']}",
        evidence=message,
        next=_advice(why, pod),
        # Others may go and make room; a node of another size or kind does not come by itself.
        doomed=bool(unfit) and not coming and not _may_come(look, pod),
    )


def _describe_coming(look: Look, pod: Object) -> str:
    """Who makes a node for the pod, or room on one, in words; empty where nobody says so."""
    nominated = pod.get("status", {}).get("nominatedNodeName")
    if nominated:
        return f"node {nominated} is to take it"
    for event in look.events("Pod", pod["metadata"]["name"], *_NODE_IS_COMING)[-1:]:
        return f"an autoscaler makes a node for it: {event.message}"
    return ""


def _may_come(look: Look, pod: Object) -> bool:
    """Whether an autoscaler, if there is one, may not have looked at the pod yet."""
    providers = [str(node["spec"].get("providerID", "")) for node in look.objects.nodes]
    if not any(each and not each.startswith(_FIXED) for each in providers):
        return False
    since = condition(pod, "PodScheduled").get("lastTransitionTime")
    if not since or look.objects.now is None:
        return False
    return (look.objects.now - moment(since)).total_seconds() < NO_AUTOSCALER


def _advice(why: str, pod: Object) -> str:
    if why.startswith("it asks for"):
        return "ask for less in resources.requests, or rehearse on a larger node"
    if "node selector" in why or "node affinity" in why:
        return "mend nodeSelector or affinity, or label a node"
    return f"kubectl describe pod {pod['metadata']['name']}"


def _too_big(look: Look, pod: Object) -> str:
    """The resource of which no node ever has as much; empty where one has."""
    nodes = look.objects.nodes
    for name, value in requests(pod).items():
        if nodes and value > max(_allocatable(node, name) for node in nodes):
            return _short(look, name, value)
    return ""


def _full(look: Look, pod: Object) -> str:
    """The resource of which too little is free on every node; empty where nothing tells."""
    nodes, everyone = look.objects.nodes, look.objects.node_pods
    if not nodes or not everyone:
        return ""
    for name, value in requests(pod).items():
        if value > max(_free(node, everyone, name) for node in nodes):
            return _short(look, name, value)
    return ""


def _short(look: Look, name: str, value: Decimal) -> str:
    """What is asked of a resource, what the largest node has, and what is free."""
    nodes, everyone = look.objects.nodes, look.objects.node_pods
    most = max(_allocatable(node, name) for node in nodes)
    which = "the node has" if len(nodes) == 1 else "the largest node has"
    text = f"it asks for {describe(name, value)}, {which} {plain(name, most)}"
    if not everyone:
        return text
    free = max(_free(node, everyone, name) for node in nodes)
    amount = plain(name, free)
    return f"{text} and {amount} {'are' if name == 'cpu' and amount != '1' else 'is'} free"


def _allocatable(node: Object, name: str) -> Decimal:
    return quantity(node.get("status", {}).get("allocatable", {}).get(name, "0"))


def _free(node: Object, everyone: Sequence[Object], name: str) -> Decimal:
    taken = Decimal(0)
    for pod in everyone:
        if pod["spec"].get("nodeName") == node["metadata"]["name"] and not is_over(pod):
            taken += requests(pod).get(name, Decimal(0))
    return _allocatable(node, name) - taken


def _unlike_any(pod: Object, nodes: Sequence[Object]) -> str:
    """A node selector or affinity that no node has; empty where one has."""
    selector = pod["spec"].get("nodeSelector") or {}
    if nodes and selector:
        labels = [node["metadata"].get("labels", {}) for node in nodes]
        if not any(selector.items() <= each.items() for each in labels):
            listed = ", ".join(f"{key}={value}" for key, value in sorted(selector.items()))
            return f"no node has the label of its node selector, {listed}"
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    if nodes and required:
        terms = required["nodeSelectorTerms"]
        if not any(matches_node(term, node) for node in nodes for term in terms):
            return f"no node is as its node affinity wants: {' or '.join(map(_term, terms))}"
    return ""


def _term(term: Object) -> str:
    wanted = [*(term.get("matchExpressions") or []), *(term.get("matchFields") or [])]
    return " and ".join(
        f"{each['key']} {each['operator']} {', '.join(each.get('values') or [])}".rstrip()
        for each in wanted
    )


def _describe_taints(pod: Object, nodes: Sequence[Object]) -> str:
    """The taints that keep the pod from every node; empty where one has none."""
    found = []
    for node in nodes:
        # Taints come and go, with a network that isn't up yet for one, so they don't doom.
        taints = [taint for taint in node["spec"].get("taints") or [] if not _tolerates(pod, taint)]
        if not taints:
            return ""
        found += [_taint(taint) for taint in taints]
    listed = ", ".join(dict.fromkeys(found))
    return f"it does not tolerate what every node is tainted with: {listed}" if listed else ""


def _taint(taint: Object) -> str:
    value = f"={taint['value']}" if taint.get("value") else ""
    return f"{taint['key']}{value}:{taint['effect']}"


def _tolerates(pod: Object, taint: Object) -> bool:
    if taint["effect"] == "PreferNoSchedule":
        return True
    return any(
        each.get("effect") in (None, "", taint["effect"])
        and (each.get("key") in (None, "", taint["key"]))
        and (each.get("operator") == "Exists" or each.get("value", "") == taint.get("value", ""))
        for each in pod["spec"].get("tolerations") or []
    )


def _words(message: str) -> str:
    """The scheduler's own reasons, without its count of nodes and its thoughts on preemption."""
    reasons = message.partition(" preemption:")[0].partition("available: ")[2] or message
    reasons = reasons.partition(" no new claims to deallocate")[0].strip(" .,")
    return re.sub(r"\b\d+ (?=node\(s\)|[A-Z])", "", reasons) or "the scheduler does not say why"
