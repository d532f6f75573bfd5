"""What is known of data sets without reading them: layouts, class names, sizes of downloads.

URLs and checksums stand in configs that name the data set, first in `config/paper.yaml`.
"""

from pointclip.core.files import PACKAGE


# Reader as the config names it -> the module of `data/readers/` that reads this layout. Which of
# them are normalised, where the config does not say, is in `data/read_split.py`.
READERS = {
    "furniture": "furniture",
    "modelnet_h5": "modelnet",
    "scanobjectnn_h5": "scanobjectnn",
    "folder": "folder",
}
# The embedded shapes.
FURNITURE = PACKAGE / "assets" / "furniture" / "furniture.h5"
# Data set -> its classes in label order, which for ScanObjectNN is not the alphabet's.
CLASSES: dict[str, tuple[str, ...]] = {
    name: tuple(text.split())
    for name, text in {
        "modelnet40": """airplane bathtub bed bench bookshelf bottle bowl car chair cone cup curtain
            desk door dresser flower_pot glass_box guitar keyboard lamp laptop mantel monitor
            night_stand person piano plant radio range_hood sink sofa stairs stool table tent toilet
            tv_stand vase wardrobe xbox""",
        "modelnet10": "bathtub bed chair desk dresser monitor night_stand sofa table toilet",
        "scanobjectnn": """bag bin box cabinet chair desk display door shelf table bed pillow sink
            sofa toilet""",
    }.items()
}
# Bytes of a download, by the name of its file.
DOWNLOAD_SIZES = {
    "ModelNet10.zip": 473_402_300,
    "h5_files.zip": 13_099_259_542,
    "modelnet40_ply_hdf5_2048.zip": 435_000_000,
}
