"""Model names as Inspect has them: `provider/model`, `provider/service/model`."""


def provider_of(model: str) -> str:
    """The provider of a model by its name: `openai` of `openai/azure/gpt-4o`."""
    return model.split("/", 1)[0]
