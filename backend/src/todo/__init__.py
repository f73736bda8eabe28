"""The API of the todo chatbot."""

__version__ = "0.1.0"
