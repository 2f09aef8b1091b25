"""Films: opened, coloured by a few key frames, and written with their own luma, times and sound."""
