"""A training with checkpoints that a test interrupts: `joint_fit.py OUT FOLDER` notes each step it takes."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch

from striate import callbacks, layers
from tests.training.joint_cases import IMAGES, LABELS, RANK, compiled, network


class Steps(callbacks.Callback):
    """Writes a file a step, and takes its time, so that a test can act at one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps = 0

    def get_state(self) -> dict[str, Any]:
        return {"steps": self.steps}

    def set_state(self, state: Any) -> None:
        self.steps = int(state["steps"])

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.steps += 1
        (self.folder / f"{os.environ.get('TORCHELASTIC_RESTART_COUNT', 0)}-{RANK}-{self.steps}").write_text(
            str(os.getpid())
        )
        time.sleep(0.05)


def main(out: str, folder: Path) -> None:
    """Train and write what came of it."""
    torch.set_num_threads(1)
    model = compiled(network(layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Dropout(0.3)))
    backup = callbacks.BackupAndRestore(folder / "checkpoints", save_freq=5)
    history = model.fit(IMAGES, LABELS, 7, 4, verbose=2, callbacks=[Steps(folder), backup], augment="light")
    weights = b"".join(array.tobytes() for array in model.get_weights())
    found = {
        "weights": hashlib.sha256(weights).hexdigest(),
        "history": history.history,
        "interrupted": history.interrupted,
    }
    Path(f"{out}.{RANK}").write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
