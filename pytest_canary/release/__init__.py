"""Moves versions through canary and stable, and migrates."""
