"""Providers' status pages: what they say of themselves."""
