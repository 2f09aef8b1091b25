"""Picture files and pixels: no generator and no PyTorch here."""
