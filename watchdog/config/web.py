"""The group `web`."""

from watchdog.config.section import Section, Texts


class Web(Section):
    """The page, the API and who may ask for them."""

    hosts: Texts = ()
    """More names that page and API are asked by, such as a service's: `watchdog.monitoring.svc`."""
