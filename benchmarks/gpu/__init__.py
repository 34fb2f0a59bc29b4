"""What is to be shown on a GPU, in parts of at most ten minutes."""
