"""The database in the cluster: asked, compared, backed up, watched."""
