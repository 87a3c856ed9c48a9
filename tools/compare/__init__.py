"""Whether two commits of the program say the same of all recordings, byte for byte."""
