"""What a run makes on this machine, and how all of it goes again."""
