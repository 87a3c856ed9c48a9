"""From incidents to messages: decide, remember, deliver."""
