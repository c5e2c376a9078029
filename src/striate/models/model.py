"""The model: layers put together, with Keras's methods. Thin: the work is done in the rooms below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from striate import training
from striate.core.arguments import refuse_unknown_for
from striate.core.console import say
from striate.core.errors import StateError
from striate.models import saving, weights_file
from striate.models.fusion.plan import make_plan
from striate.models.network import Network
from striate.models.summary import print_summary


class Model(Network):
    """A network from inputs to outputs: `Model(inputs, outputs)`, or a subclass that writes `call`.

    Born in inference mode; `fit` and `train_on_batch` switch to training for their time.
    A model is a torch module as well: its `parameters()` can go into a plain PyTorch loop.

    >>> from striate.layers import Dense, Input
    >>> inputs = Input((4,))
    >>> Model(inputs, Dense(2)(inputs)).count_params()
    10
    """

    def __init__(self, inputs: Any = None, outputs: Any = None, name: str | None = None, **options: Any):
        super().__init__(inputs, outputs, name, **options)
        self.compiled: training.Compiled | None = None
        self.history: Any = None
        self.stop_training = False
        self.input_range: tuple[float, float] | None = None
        self.class_names: list[str] | None = None
        self.preprocessing: dict[str, Any] = {}
        self.provenance: dict[str, Any] = {}

    def compile(  # torch.nn.Module.compile is another thing; Keras's name wins
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        **options: Any,
    ) -> None:
        """Choose optimiser, loss, metrics and precision; see `striate.training.Compiled`."""
        self.compiled = training.Compiled(
            optimizer=optimizer, loss=loss, loss_weights=loss_weights, metrics=metrics, **options
        )

    @property
    def optimizer(self) -> Any:
        """The optimiser that `compile` chose."""
        return self._compiled_or_raise().optimizer

    def _compiled_or_raise(self) -> training.Compiled:
        if self.compiled is None:
            raise StateError(
                f"model {self.name!r} is not compiled: call model.compile(optimizer='adam', loss=...) first."
            )
        return self.compiled

    def fit(self, x: Any = None, y: Any = None, *others: Any, **options: Any) -> Any:
        """Train on arrays; see `striate.training.fit` for the arguments. Returns the History."""
        refuse_unknown_for(training.fit, options)
        with self._turn.taken(self.name):
            return training.fit(self, self._compiled_or_raise(), x, y, *others, **options)

    def evaluate(self, x: Any = None, y: Any = None, *others: Any, **options: Any) -> Any:
        """Compute loss and metrics; see `striate.training.evaluate`."""
        refuse_unknown_for(training.evaluate, options)
        with self._turn.taken(self.name):
            return training.evaluate(self, self._compiled_or_raise(), x, y, *others, **options)

    def predict(self, x: Any, *others: Any, **options: Any) -> Any:
        """Compute the outputs as arrays, batch by batch; see `striate.training.predict`."""
        refuse_unknown_for(training.predict, options)
        with self._turn.taken(self.name):
            return training.predict(self, self.compiled, x, *others, **options)

    def train_on_batch(self, x: Any, y: Any = None, *others: Any, **options: Any) -> Any:
        """Take one step of training on one batch; see `striate.training.train_on_batch`."""
        refuse_unknown_for(training.train_on_batch, options)
        with self._turn.taken(self.name):
            return training.train_on_batch(self, self._compiled_or_raise(), x, y, *others, **options)

    def test_on_batch(
        self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """Compute loss and metrics of one batch, however large; the model learns nothing."""
        size = training.batch_length(x)
        return self.evaluate(x, y, size, 0, sample_weight, return_dict=return_dict)

    def predict_on_batch(self, x: Any) -> Any:
        """Compute the outputs of one batch, however large, as arrays."""
        return self.predict(x, batch_size=training.batch_length(x), verbose=0)

    def summary(self, line_length: int | None = None, details: bool = False, **options: Any) -> None:
        """Print the table of layers; `details` adds receptive field, FLOPs and memory of each."""
        print_summary(self, line_length=line_length, details=details, **options)

    def plan(self, batch_size: int = 32, training: bool = True) -> None:
        """Print which layers run as one block of native kernels, and what each part costs here.

        Every part is measured on a batch of noise, a training step's way there and back or inference.
        """
        say(str(make_plan(self, batch_size, training)))

    def save(self, filepath: str | Path, **options: Any) -> None:
        """Write the whole model into one safe file; `striate.load` reads it.

        Raises:
            ArgumentError: a layer that cannot be written, or a suffix of another format.
            FileAccessError: the place cannot be written; an older file there stays as it was.
        """
        saving.save(self, filepath, **options)

    def save_weights(self, filepath: str | Path) -> None:
        """Write the weights alone, as safetensors."""
        weights_file.save_weights(self, filepath)

    def load_weights(self, filepath: str | Path) -> None:
        """Read weights that `save_weights` wrote, or those of a saved model."""
        weights_file.load_weights(self, filepath)
