"""Who compares the two versions, as the walk goes on."""

from __future__ import annotations

from dataclasses import fields

from fakes.world import NewWorld
from fakes.world_settings import LOADED, NO_CANARY

from pytest_canary.context.comparing import Comparing
from pytest_canary.context.context import Context


def test_a_context_is_all_there_from_the_beginning(new_world: NewWorld) -> None:
    assert [each.name for each in fields(Context) if "None" in str(each.type)] == []
    assert new_world().context.comparing == Comparing()


def test_they_are_asked_side_by_side_and_nobody_is_in_the_end(new_world: NewWorld) -> None:
    comparing = new_world(**LOADED).enter("canary").context.comparing
    sides, memory = comparing.sides, comparing.memory
    assert sides
    assert memory
    assert comparing.in_turn is None
    comparing.close()
    assert comparing == Comparing(memory=memory), "what was seen is not forgotten"


def test_they_are_asked_one_after_the_other_without_a_canary(new_world: NewWorld) -> None:
    comparing = new_world(**NO_CANARY | LOADED).enter("baseline").context.comparing
    assert comparing.in_turn
    assert comparing == Comparing(in_turn=comparing.in_turn)
    comparing.close()
    assert comparing == Comparing()


def test_what_nobody_compares_is_closed_too() -> None:
    comparing = Comparing()
    comparing.enter_phase("canary", "deploy")
    comparing.close()
    comparing.stop()
    assert comparing == Comparing()
