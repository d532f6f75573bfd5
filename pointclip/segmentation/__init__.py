"""Parts of shapes: patch features of depth maps, taken back to the points and read there."""
