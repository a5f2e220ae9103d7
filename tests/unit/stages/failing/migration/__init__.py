"""Where the migration goes wrong, or one of the versions on the new schema."""

from unit.stages.failing import Case
from unit.stages.failing.migration import backup, commands, locks, schema, versions

CASES: list[Case] = [
    *commands.CASES,
    *backup.CASES,
    *locks.CASES,
    *schema.CASES,
    *versions.CASES,
]
