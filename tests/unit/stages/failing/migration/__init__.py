"""Where the migration goes wrong, or one of the versions on the new schema."""

from unit.stages.failing import Case
from unit.stages.failing.migration import along, backup, commands, jobs, locks, schema, versions

CASES: list[Case] = [
    *commands.CASES,
    *jobs.ALL,
    *along.ALL,
    *backup.CASES,
    *locks.CASES,
    *schema.CASES,
    *versions.CASES,
]
