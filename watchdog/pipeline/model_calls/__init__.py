"""How calls of each model went in the last day: counted as outcomes come in, poll after poll."""
