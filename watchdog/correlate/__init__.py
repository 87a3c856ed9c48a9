"""Diagnoses to incidents: what belongs together is told once, under an id that stays. Pure.

One incident for each eval set and cause; where everybody's calls fail on a model, on a provider or
through Middleman, or pods of many eval sets suffer the same of the cluster, one for all that it
takes in. Its scope widens and narrows under the id of its oldest member.
"""

from watchdog.correlate.incidents import Notes, correlate, incident_id, troubled_models

__all__ = ["Notes", "correlate", "incident_id", "troubled_models"]
