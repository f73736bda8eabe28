"""The HTTP interface, a file per noun."""
