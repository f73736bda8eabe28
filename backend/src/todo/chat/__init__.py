"""Answering what a user types, with tools that act on that user's todos."""
