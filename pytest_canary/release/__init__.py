"""Moves versions through canary and stable, migrates, watches over each rollout."""
