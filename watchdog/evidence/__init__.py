"""Bundles: all that is known of one eval set at one instant, for an escalation."""
