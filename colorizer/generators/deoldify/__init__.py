"""DeOldify's two U-Nets: as published, and folded for inference."""
