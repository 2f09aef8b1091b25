"""The way of every pixel from a frame to the next, and how far it is to be trusted."""
