"""How canary and baseline are asked side by side, or one after the other, and measured."""
