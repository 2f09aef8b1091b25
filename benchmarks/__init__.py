"""Speed, measured against DeOldify as published."""
