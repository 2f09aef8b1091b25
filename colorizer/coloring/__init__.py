"""Luma in, colour out: NumPy alone, and whatever predicts chroma."""
