"""Every loss beside Keras's: its values, its means, with weights, and its gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from striate import losses
from tests.peers.keras_side import TOLERANCE, jax, keras, share
from tests.peers.scoring_rows import LOSSES, draw

pytestmark = pytest.mark.peers

REDUCTIONS = (None, "sum", "sum_over_batch_size", "mean", "mean_with_sample_weight")


def names() -> list[str]:
    kinds = {name: getattr(losses, name) for name in losses.__all__ if name[0].isupper()}
    return sorted(name for name in kinds if name not in ("Loss", "LossFunctionWrapper"))


def differences(name, kind, options, rng):
    labels, answers = draw(kind, rng, 7)
    shape = tuple(getattr(losses, name)(reduction=None, **options)(labels, answers).shape)
    # Keras takes a weight a value; where there is one value for the whole batch there is nothing to weigh.
    weighed = [rng.uniform(0.2, 2, shape).astype(np.float32)] if shape else []
    for reduction in REDUCTIONS:
        for weights in (None, *weighed):
            made = [
                getattr(library, name)(reduction=reduction, **options) for library in (losses, keras().losses)
            ]
            found, wanted = (np.asarray(loss(labels, answers, sample_weight=weights)) for loss in made)
            assert found.shape == wanted.shape
            yield share(found, wanted)
    ours = torch.from_numpy(answers).requires_grad_()
    getattr(losses, name)(**options)(torch.from_numpy(labels), ours).backward()
    loss = getattr(keras().losses, name)(**options)
    yield share(ours.grad.numpy(), np.asarray(jax().grad(lambda given: loss(labels, given))(answers)))


@pytest.mark.parametrize("name", names())
def test_a_loss_is_that_of_keras(name, note):
    assert name in LOSSES, f"write a row for {name}"
    rng = np.random.default_rng(5)
    found = {str(row): list(differences(name, *row, rng)) for row in LOSSES[name]}
    failed = {row: values for row, values in found.items() if not max(values) <= TOLERANCE}
    assert not failed
    note("losses", name, sum(map(len, found.values())), max(map(max, found.values())))
