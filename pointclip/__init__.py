"""What a frozen 2D CLIP understands of 3D point clouds."""

__version__ = "0.1.0"
