"""From a model as Inspect names it to an address on each route."""

from fnmatch import fnmatchcase

from msgspec import Struct

from watchdog.collect.probes.credentials import Credential, missing
from watchdog.collect.probes.dialects import DIALECTS, Dialect, is_reasoning
from watchdog.config.probes import ModelRoute, Probes, Provider
from watchdog.model.probe import Route
from watchdog.model.providers import provider_of

KNOWN: dict[str, Provider] = {
    "openai": Provider(
        api="openai",
        url="https://api.openai.com/v1",
        middleman_path="/openai/v1",
        key_env="OPENAI_API_KEY",
    ),
    "anthropic": Provider(
        api="anthropic",
        url="https://api.anthropic.com/v1",
        middleman_path="/anthropic/v1",
        key_env="ANTHROPIC_API_KEY",
    ),
    "google": Provider(
        api="google",
        url="https://generativelanguage.googleapis.com/v1beta",
        middleman_path="/gemini/v1beta",
        key_env="GOOGLE_API_KEY",
    ),
}
"""What needs no configuration: the paths are the guide's, the variables Inspect's."""

HOSTED = frozenset({"azure", "bedrock", "vertex"})
"""In the middle of Inspect's name they say that somebody else serves the model."""


class Address(Struct, frozen=True):
    """Where one route leads for one model."""

    route: Route
    url: str
    dialect: Dialect
    model: str
    """As it is called there."""
    credential: Credential


class NoRoute(Exception):  # noqa: N818 - no error: the route is reported as not tested
    """There is no such way; the text says what is missing."""


def address(model: str, route: Route, settings: Probes) -> Address:
    """Where a model is asked on a route.

    Raises:
        NoRoute: the route or the provider isn't configured, or the model is served elsewhere.
    """
    provider = _provider(provider_of(model), settings)
    override = next((entry for entry in settings.models if fnmatchcase(model, entry.model)), None)
    name = _name(model, route, override)
    dialect = _dialect(model, name, provider, override)
    if route == "middleman":
        return Address(
            route, _middleman(settings, provider), dialect, name, middleman_credential(settings)
        )
    if provider.url is None:
        raise NoRoute(f"no address: probes.providers.{provider_of(model)}.url is not set")
    return Address(
        route, provider.url.rstrip("/"), dialect, name, _key(provider_of(model), provider)
    )


def is_set_up(settings: Probes) -> bool:
    """Whether any model could be tested, as far as that can be said at once."""
    if not settings.enabled:
        return False
    if settings.middleman_url is not None and missing(middleman_credential(settings)) is None:
        return True
    names = (*KNOWN, *settings.providers)
    providers = {name: _provider(name, settings) for name in names}
    return any(p.url is not None and missing(_key(n, p)) is None for n, p in providers.items())


def _provider(name: str, settings: Probes) -> Provider:
    default, configured = KNOWN.get(name), settings.providers.get(name)
    if default is not None and configured is not None:
        return default.model_copy(update=configured.model_dump(exclude_unset=True))
    provider = configured or default
    if provider is None:
        raise NoRoute(f"no address: probes.providers.{name} is not configured")
    return provider


def _name(model: str, route: Route, override: ModelRoute | None) -> str:
    name = getattr(override, route) if override is not None else None
    if name is not None:
        return str(name)
    parts = model.split("/")[1:]
    if len(parts) > 1 and parts[0] in HOSTED:
        raise NoRoute(f"served by {parts[0]}: name it in probes.models")
    if not parts or not all(parts):
        raise NoRoute("not of the form provider/model")
    return "/".join(parts)


def _dialect(model: str, name: str, provider: Provider, override: ModelRoute | None) -> Dialect:
    if override is not None and override.api is not None:
        return DIALECTS[override.api]
    if provider.api == "openai" and provider_of(model) == "openai" and is_reasoning(name):
        return DIALECTS["openai-responses"]
    return DIALECTS[provider.api]


def _middleman(settings: Probes, provider: Provider) -> str:
    if settings.middleman_url is None:
        raise NoRoute("no address: probes.middleman_url is not set")
    if provider.middleman_path is None:
        raise NoRoute("no address: the provider has no middleman_path")
    return f"{settings.middleman_url.rstrip('/')}/{provider.middleman_path.strip('/')}"


def middleman_credential(settings: Probes) -> Credential:
    """Where Middleman's token comes from."""
    return Credential(
        settings.middleman_token,
        settings.middleman_token_command,
        settings.middleman_token_file,
        setting="probes.middleman_token_file",
    )


def provider_credential(name: str, settings: Probes) -> Credential:
    """Where a provider's key comes from.

    Raises:
        NoRoute: the provider isn't known.
    """
    return _key(name, _provider(name, settings))


def _key(name: str, provider: Provider) -> Credential:
    return Credential(
        provider.key,
        provider.key_command,
        provider.key_file,
        provider.key_env,
        setting=f"probes.providers.{name}.key_env",
    )
