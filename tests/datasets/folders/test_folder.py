"""Image folders: exactly the right examples, classes and labels arrive, whatever the layout."""

import numpy as np
import pytest

from striate.datasets.folders.folder import load_images
from striate.datasets.options import SourceOptions
from tests.datasets.layouts import CONTAINERS, LAYOUTS, colour

NO_CACHE = SourceOptions(cache=False)


def arrived(bundle):
    """The class of each example by part and name, once its pixels are seen to be its own."""
    found = {}
    for part, data in bundle.parts():
        assert data.names == sorted(data.names)
        for x, name in zip(data.x, data.names, strict=True):
            np.testing.assert_array_equal(x, np.broadcast_to(colour(name), x.shape))
        labels = [bundle.class_names[label] for label in data.y]
        found[part] = dict(zip(data.names, labels, strict=True))
    return found


@pytest.mark.parametrize("container", CONTAINERS)
@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_exactly_the_right_examples_arrive(layout, container, tmp_path):
    bundle = load_images(CONTAINERS[container](layout.files, tmp_path), NO_CACHE)
    assert arrived(bundle) == layout.parts
    assert bundle.class_names == list(layout.class_names)
    assert (bundle.kind, bundle.pixel_range, bundle.bad_files) == ("image", (0, 255), ())
    assert (bundle.name, bundle.train.x.dtype, bundle.train.x.shape[1:]) == ("pets", np.uint8, (4, 4, 3))
