"""What is kept on the disk, and for how long."""
