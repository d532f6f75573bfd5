"""Depth maps, augmented shots and sentences encoded to features, and these read again."""
