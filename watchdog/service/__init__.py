"""The service: what runs for ever, and how it is wired."""
