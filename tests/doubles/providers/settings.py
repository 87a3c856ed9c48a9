"""The settings with which the doubles are tested directly."""

from watchdog.config.probes import Probes


def settings(world, **more):
    return Probes(
        middleman_url=world.middleman.url,
        middleman_token=world.middleman.token,
        providers={
            "anthropic": {"url": f"{world.anthropic.url}/v1", "key": world.anthropic.key},
            "openai": {"url": f"{world.openai.url}/v1", "key": world.openai.key},
            "google": {"url": f"{world.gemini.url}/v1beta", "key": world.gemini.key},
        },
        **more,
    )
