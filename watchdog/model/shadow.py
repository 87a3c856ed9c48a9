"""The shadow (`notify.shadow`): all is decided as ever, and only a quiet channel is told."""

SHADOW = "shadow"
"""What the ledger and the metrics call the quiet channel, whatever it is."""
