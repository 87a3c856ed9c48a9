"""How the cost of each pure stage grows with each thing that there may be much of."""
