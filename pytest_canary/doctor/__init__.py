"""What a walk needs of this machine, and whether it is there; nothing is made or changed.

`looking` asks, `rows` judge, purely.
"""
