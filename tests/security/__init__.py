"""Attacks on the real program: what each costs, what is said, and that the rest goes on."""
