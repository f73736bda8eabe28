"""The API of the todo chatbot."""

__version__ = "0.2.0"
