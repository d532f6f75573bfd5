from pointclip.catalog.backbones import BACKBONES, resolve_backbone
from pointclip.catalog.openai_checksums import OPENAI_CHECKSUMS


def test_the_table_repeats_what_open_clip_knows():
    import open_clip

    for name, entry in BACKBONES.items():
        if "hub" in entry:
            published = open_clip.get_pretrained_cfg(entry["model"], entry["pretrained"])
            assert published["hf_hub"] == entry["hub"] + "/", name
            assert resolve_backbone(name)["name"] == name


def test_an_entry_builds_on_a_built_in_one():
    entry = resolve_backbone({"base": "rn50", "mean_std": "clip", "name": "rn50_clip"})
    assert (entry["model"], entry["mean_std"], entry["name"]) == ("RN50", "clip", "rn50_clip")


def test_known_torchscript_is_that_of_open_clips_table_of_openai():
    import open_clip

    urls = {
        open_clip.get_pretrained_cfg(model, tag)["url"]
        for model, tag in open_clip.list_pretrained()
        if tag == "openai"
    }
    # The folder of each address is the checksum of its file.
    published = {url.split("/")[-2]: url.split("/")[-1].removesuffix(".pt") for url in urls}
    assert published == OPENAI_CHECKSUMS
