"""Training of the built-in network."""
