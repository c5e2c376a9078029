"""Where chance comes from, and which number types are made."""

import numpy as np
import pytest
import torch

from striate import initializers
from striate.core.errors import ArgumentError

CLASSES = sorted(name for name in initializers.__all__ if name[0].isupper() and "Initializer" not in name)
RANDOM = sorted(set(CLASSES) - {"Zeros", "Ones", "Constant", "Identity"})


@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_gives_the_same_values_at_every_call_and_disturbs_no_other_draw(name):
    draw = getattr(initializers, name)(seed=7)
    before = torch.get_rng_state()
    first, second = draw((4, 5)), draw((4, 5), generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(first, second, rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), before)
    assert not torch.equal(first, getattr(initializers, name)(seed=8)((4, 5)))


@pytest.mark.parametrize("name", RANDOM)
def test_without_a_seed_values_come_from_the_generator_or_from_torch(name):
    draw = getattr(initializers, name)()
    passed = [draw((4, 5), generator=torch.Generator().manual_seed(3)) for _ in range(2)]
    assert torch.equal(*passed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        assert torch.equal(draw((4, 5)), passed[0])
        assert not torch.equal(draw((4, 5)), passed[0])


@pytest.mark.parametrize("seed", ["seven", True, 1.5, -1, 2**63])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(ArgumentError, match=r"HeNormal: seed must be None or a whole number .*; got "):
        initializers.HeNormal(seed=seed)


@pytest.mark.parametrize("name", [*RANDOM, "Zeros", "Ones", "Constant", "Identity"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, "float64", np.float32, None])
def test_every_floating_point_type_is_made(name, dtype):
    values = getattr(initializers, name)()((4, 4), dtype=dtype)
    wanted = {"float64": torch.float64, np.float32: torch.float32, None: torch.float32}.get(dtype, dtype)
    assert values.dtype == wanted
    assert values.device.type == "cpu"
    assert values.shape == (4, 4)


def test_whole_number_types_cannot_hold_what_is_drawn():
    with pytest.raises(ArgumentError, match=r"GlorotUniform draws fractions, which torch.int32 cannot hold"):
        initializers.GlorotUniform()((2, 2), dtype=torch.int32)
