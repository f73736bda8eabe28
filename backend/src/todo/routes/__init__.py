"""The HTTP surface, a module per resource."""
