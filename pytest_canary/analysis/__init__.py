"""Canary against baseline: what the figures prove; pure."""
