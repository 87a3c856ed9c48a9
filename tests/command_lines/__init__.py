"""Every command that an action names, given to the command lines that people give it to."""
