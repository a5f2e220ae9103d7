"""What PostgreSQL and its drivers say of what went wrong, as patterns."""

# Of a table or a column that is not there, as before a migration.
LACKS_SCHEMA = (
    r"(?:relation|column) \S+ (?:of relation \S+ )?(?:does not|doesn't) exist"
    r"|undefined ?(?:table|column)"
)
