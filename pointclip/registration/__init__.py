"""From an image and a cloud to the camera's pose: dense features, matches, pose."""
