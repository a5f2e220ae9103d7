"""What there is once the cluster is up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from fakes.world import World


@pytest.mark.parametrize(
    ("ingress", "url"),
    [
        ({"ip": "192.0.2.7"}, "http://192.0.2.7:80"),
        ({"ip": "2001:db8::1"}, "http://[2001:db8::1]:80"),
        ({"hostname": "lb.example"}, "http://lb.example:80"),
    ],
)
def test_a_load_balancers_address_is_a_url(world: World, ingress: dict[str, str], url: str) -> None:
    world.rehearsal.enter("baseline")
    world.context.provisioned = replace(world.context.provisioned, cluster=None)

    def give(service: dict[str, object]) -> None:
        service["status"] = {"loadBalancer": {"ingress": [ingress]}}

    world.namespace.edit("Service", "addressbook-lb", give)
    assert world.context.address().url == url
