"""The vocabulary of options, defined once for all verbs: one word, one meaning, one help text."""

from __future__ import annotations

from typing import Annotated, Any

import typer


def _option(help: str, *names: str) -> Any:
    # The texts say themselves what holds without the option.
    return typer.Option(*names, help=help, show_default=False)


Epochs = Annotated[
    int | None, _option("How often to go through the training part; else by the size of the data.")
]
BatchSize = Annotated[int | None, _option("Examples a step; else by the size of the data.")]
LearningRate = Annotated[float | None, _option("How fast to learn, such as 0.001; else by network and data.")]
Seed = Annotated[int | None, _option("Fixes the split and all chance in the training; else 0.")]
Network = Annotated[
    str | None,
    _option(
        "A ready-made network, such as small, net_c or vgg16; or file.py:function, a function of "
        "(input_shape, classes) that returns a model; else small."
    ),
]
Device = Annotated[
    str | None, _option("Where to compute: cpu, cuda, cuda:1, mps; else a GPU where there is one.")
]
Precision = Annotated[
    str | None, _option("float32, bfloat16 or auto: bfloat16 where the hardware is made for it.")
]
Name = Annotated[
    str | None, _option("The name of the run, a folder in runs/; else the data's name, counted up.")
]
DataDir = Annotated[
    str | None, _option("The folder that holds a named set's files; else they are found or downloaded.")
]
OtherData = Annotated[
    str | None, _option("A named set or an .npz file to score; else the test part of the run.")
]
Top = Annotated[int, _option("How many answers to give for each file, the most probable first; else 1.")]
Details = Annotated[
    bool, _option("Add what each layer sees of the input, its operations and its memory.", "--details")
]

# What verbs take beside options.
RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="The name of a run, its folder, or a model file.", show_default=False),
]
