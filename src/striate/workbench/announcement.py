"""What the first of several processes tells the others of the run that it has begun."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from striate.training.distributed import join
from striate.workbench.locking import process_began
from striate.workbench.recipe import Recipe
from striate.workbench.run import Run


@dataclass(frozen=True)
class Announcement:
    """The run that all train, its recipe (None: it is finished), and whether it was begun earlier."""

    folder: str
    recipe: Recipe | None
    resumed: bool = True

    @property
    def run(self) -> Run:
        """The run."""
        return Run(Path(self.folder))


def announce(announcement: Announcement) -> None:
    """Tell the other processes, where there are some, what is trained."""
    group = join()
    if group is not None:
        group.from_first(announcement)


def launch() -> str | None:
    """Name the start of torchrun that this process comes from: the same after it has started them again."""
    job = os.environ.get("TORCHELASTIC_RUN_ID")
    if job is None:
        return None
    agent = os.getppid()
    return f"{job} by process {agent} of {socket.gethostname()}, begun {process_began(agent)}"
