"""What a sample was asked and answered: for who reads its log with rights of their own."""

from typing import Literal

from msgspec import Struct


class Message(Struct, frozen=True):
    """One message, as text."""

    role: str
    text: str


class Conversation(Struct, frozen=True):
    """A sample's messages, in order, up to its newest call and what that answered."""

    messages: tuple[Message, ...]
    source: Literal["buffer", "log"]
    cut: bool = False
    """Whether there is more text than is handed out."""
