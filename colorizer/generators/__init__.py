"""From a weight file to what guesses chroma: PyTorch is imported here alone."""
