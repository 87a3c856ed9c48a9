"""From a source's facts to a finished snapshot."""
