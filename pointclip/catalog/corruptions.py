"""The corruptions of ModelNet40-C (arXiv 2201.12296) that need no mesh, by family."""

FAMILIES = {
    "density": ("cutout", "density", "density_inc"),
    "noise": ("uniform", "gaussian", "impulse", "upsampling", "background"),
    "transformation": (
        "rotation",
        "shear",
        "distortion",
        "distortion_rbf",
        "distortion_rbf_inv",
    ),
}
# Ours: turned about the up axis, or in any way; there is one severity.
TURNS = ("turn_up", "turn_any")
CORRUPTIONS = tuple(name for members in FAMILIES.values() for name in members)
SEVERITIES = (1, 2, 3, 4, 5)
# Only in the published files: they were made from meshes, with a depth renderer.
FROM_MESHES = ("occlusion", "lidar")
