"""What is in tables and sequences, and what of it did not come back."""

import pytest

from pytest_canary.database.contents import Contents, lacking_contents, read_contents

# As a real PostgreSQL 15 answered.
ANSWERS = [
    ("sequence", "public.countdown", "95", "-5"),
    ("sequence", "public.person_id_seq", "34", "1"),
    ("said", "exit 0", "12958"),
    ("table", "public.alembic_version", "1", "-3188630020843723364"),
    ("table", "public.person", "1001", "-163913663159622982537"),
    ("table", "public.z", "0", "0"),
]
LIVE = read_contents(ANSWERS)


def test_a_script_tells_what_is_in_each_table_and_what_each_sequence_hands_out_next() -> None:
    assert LIVE.tables["public.person"] == (1001, "-163913663159622982537")
    assert set(LIVE.tables) == {"public.alembic_version", "public.person", "public.z"}
    assert LIVE.sequences == {"public.countdown": (95, -5), "public.person_id_seq": (34, 1)}
    assert LIVE.rows == 1002


def test_rows_that_are_missing_or_other_ones_are_found() -> None:
    restored = Contents(
        {
            "public.alembic_version": (1, "12"),
            "public.person": (1000, "-163913663159622982537"),
        },
        LIVE.sequences,
    )
    assert lacking_contents(LIVE, restored) == [
        "public.alembic_version has 1 row, but not the same",
        "public.person has 1,000 of 1,001 rows",
        "public.z is missing",
    ]
    assert lacking_contents(LIVE, LIVE) == []


@pytest.mark.parametrize(
    ("sequence", "value", "told"),
    [
        ("public.person_id_seq", 1, True),
        ("public.person_id_seq", 33, True),
        # The app took one more before the dump was made.
        ("public.person_id_seq", 35, False),
        ("public.countdown", 100, True),
        ("public.countdown", 90, False),
    ],
)
def test_a_sequence_that_hands_out_again_what_is_in_use_is_found(
    sequence: str, value: int, told: bool
) -> None:
    live, step = LIVE.sequences[sequence]
    restored = Contents(LIVE.tables, {**LIVE.sequences, sequence: (value, step)})
    sentence = f"sequence {sequence} goes on with {value}, where the live one goes on with {live}"
    assert lacking_contents(LIVE, restored) == [sentence] * told


def test_a_sequence_that_is_not_there_is_the_schemas_matter() -> None:
    assert lacking_contents(LIVE, Contents(LIVE.tables)) == []
