"""Quick arithmetic for processors: convolutions, products, threads."""
