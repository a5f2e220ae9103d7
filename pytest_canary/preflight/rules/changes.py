"""Rules about what changes between the baseline and the candidate, where they can be compared.

Each imports what compares when it does: a check of a project without a baseline has no time for it.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_canary.manifests.documents import Fault
from pytest_canary.preflight.groups import BESIDE, LEFT, SHARED, UNCHANGEABLE
from pytest_canary.preflight.rule import rule
from pytest_canary.preflight.subject import Subject


@rule(
    "immutable-field",
    "a field that changes, and can't on a live object",
    UNCHANGEABLE,
    advice="leave it as it is, or give the object another name; a Job a name of its own in "
    "each version",
)
def immutable_field(subject: Subject) -> Iterator[Fault]:
    """No field changes that the API server lets nobody change."""
    if subject.live and subject.made:
        from pytest_canary.changes.immutable import immutable_fields

        yield from immutable_fields(subject.live, subject.made)


@rule(
    "left-object",
    "an object that the live version has and this one has not, so that it stays",
    LEFT,
    level="warning",
    advice="delete it once no rollback needs it, or keep it in the manifests",
)
def left_object(subject: Subject) -> Iterator[Fault]:
    """Nothing is left on the cluster that no version has any more."""
    if subject.live and subject.made:
        from pytest_canary.changes.vanished import left_objects

        yield from left_objects(subject.live, subject.made)


@rule(
    "taken-key",
    "a key that the live version's pods need, and this version takes away",
    SHARED,
    level="warning",
    advice="keep the key until no rollback is wanted, or give the object another name",
)
def taken_key(subject: Subject) -> Iterator[Fault]:
    """Secrets and ConfigMaps keep the keys that the live version's pods need."""
    if subject.live and subject.made:
        from pytest_canary.changes.settings import taken_keys

        yield from taken_keys(subject.live, subject.made)


@rule(
    "unshared-key",
    "a key that one version takes alone, and that no manifest makes",
    SHARED,
    level="warning",
    advice="see that it is there before this version is released, and as long as a rollback "
    "may be wanted",
)
def unshared_key(subject: Subject) -> Iterator[Fault]:
    """Both versions take the same of what the cluster has to have."""
    if subject.live and subject.made:
        from pytest_canary.changes.settings import unshared_keys

        yield from unshared_keys(subject.live, subject.made)


@rule(
    "unshared-variable",
    "a variable that one version alone is given",
    SHARED,
    level="warning",
    advice="write the name that is suggested; set it wherever else this version is released "
    "to, or see that this version reads it no more",
)
def unshared_variable(subject: Subject) -> Iterator[Fault]:
    """Both versions' containers are given the same variables."""
    if subject.live and subject.made:
        from pytest_canary.changes.settings import unshared_variables

        yield from unshared_variables(subject.live, subject.made)


@rule(
    "unserved-version",
    "a Service that leaves out the pods of one version, where both run",
    BESIDE,
    advice="select by labels, and lead to a port's name or number, that the pods of both have",
)
def unserved_version(subject: Subject) -> Iterator[Fault]:
    """The Service of each version leads to the pods of both."""
    if subject.live and subject.made:
        from pytest_canary.changes.ports import unserved_versions

        yield from unserved_versions(subject.live, subject.made)


@rule(
    "moved-address",
    "a Service without the port that the live version is reached by",
    BESIDE,
    advice="keep the port, and add the new one beside it",
)
def moved_address(subject: Subject) -> Iterator[Fault]:
    """Clients reach this version where they reach the live one."""
    if subject.live and subject.made:
        from pytest_canary.changes.ports import moved_address

        yield from moved_address(subject.live, subject.made)


@rule(
    "changed-port",
    "a port that is called or numbered otherwise than in the live version",
    BESIDE,
    level="warning",
    advice="see that whatever names it, such as another Service or a NetworkPolicy, names the "
    "new one too",
)
def changed_port(subject: Subject) -> Iterator[Fault]:
    """Ports are called and numbered as in the live version."""
    if subject.live and subject.made:
        from pytest_canary.changes.ports import changed_ports

        yield from changed_ports(subject.live, subject.made)


@rule(
    "changed-probe",
    "a probe that asks another path or port than the live version's",
    BESIDE,
    level="warning",
    advice="see that this version answers there, and that whoever else asks it follows",
)
def changed_probe(subject: Subject) -> Iterator[Fault]:
    """Probes ask what the live version's ask."""
    if subject.live and subject.made:
        from pytest_canary.changes.probes import changed_probes

        yield from changed_probes(subject.live, subject.made)
