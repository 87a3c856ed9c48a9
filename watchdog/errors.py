"""What ends a call with one clear line instead of a traceback."""


class UsageError(Exception):
    """The call can't be carried out; the text names the argument and the reason."""


class ConfigError(Exception):
    """What is wrong with the configuration: one line a key."""
