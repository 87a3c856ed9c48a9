"""Work on what is large or hostile: in turns, within a budget, in a process of its own."""
