"""What reads a finished snapshot: metrics, report, page, terminal."""
