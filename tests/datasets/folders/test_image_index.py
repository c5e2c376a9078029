"""Images by what people call them in lists."""

from striate.datasets.folders.image_index import ImageIndex
from striate.datasets.folders.places import FilePlace


def test_names_that_several_images_have_find_none():
    index = ImageIndex.of(
        [FilePlace(name, None) for name in ("x/1.png", "y/1.png", "y/2.jpg", "y/2.png", "z/a.b.png")]
    )
    assert index.find("1.png") is None
    assert index.find("y/1").name == "y/1.png"
    assert index.find("y/2") is None
    assert index.find("2.png").name == "y/2.png"
    assert index.find("other\\y\\1.png").name == "y/1.png"
    assert index.find("a.b").name == "z/a.b.png"
    assert index.find("") is None
