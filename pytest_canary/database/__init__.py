"""The database in the cluster, a PostgreSQL: asked, compared, backed up, watched."""
