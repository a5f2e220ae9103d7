"""How canary and baseline are asked side by side, each at its own address, and measured."""
