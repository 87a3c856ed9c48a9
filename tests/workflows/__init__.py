"""The workflows of the forge, looked at without running them."""
