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
    str | None, _option("A named set, folder or file to score; else the test part of the run.")
]
Kind = Annotated[str | None, _option("image or signal, where the data could be either.")]
Size = Annotated[
    str | None, _option("What images are brought to: 128, or HEIGHTxWIDTH as 96x128; else by the images.")
]
Fit = Annotated[
    str | None, _option("How other proportions are brought to it: crop, pad or stretch; else crop.")
]
Channels = Annotated[int | None, _option("1 for grey, 3 for colour; else as the images are.")]
Interpolation = Annotated[str | None, _option("nearest, bilinear, bicubic, area or lanczos; else bilinear.")]
Label = Annotated[
    str | None, _option("The column of the classes in a table: its header, its number from 0, first or last.")
]
Group = Annotated[
    str | None,
    _option(
        "What must stay on one side of the split: folder, column:NAME, or a regular expression whose "
        "bracket finds it in the file's name, as in 'patient(\\d+)'."
    ),
]
Limit = Annotated[int | None, _option("Take at most so many examples a class of the training part.")]
BadFiles = Annotated[
    str | None,
    _option("What to do with files that cannot be used: skip, error, or quarantine (copy them to the run)."),
]
Megapixels = Annotated[int | None, _option("The largest image to decode, in million pixels; else 50.")]
Cache = Annotated[
    bool | None,
    typer.Option(
        "--cache/--no-cache", help="Keep decoded images for the next run; else yes.", show_default=False
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        metavar="RUN",
        help="Go on with a run that was stopped or cut off, by its name or folder, as if it had not been.",
        show_default=False,
    ),
]
Report = Annotated[
    bool,
    typer.Option("--report/--no-report", help="Write report.html at the end; else yes.", show_default=False),
]
Pretrained = Annotated[
    bool | None, typer.Option("--pretrained", help="Begin with what the network learnt on ImageNet.")
]
Weights = Annotated[str | None, _option("Begin with the weights in a file: .pth, .safetensors or .h5.")]
Augment = Annotated[
    str | None,
    _option("Random changes to training examples: none, light, standard or strong; else by the data."),
]
Mix = Annotated[
    str | None, _option("Train on pairs of examples put together: none, mixup or cutmix; else none.")
]
Normalize = Annotated[
    str | None,
    _option(
        "What is done to all values, by the training part: none, mean, channel, pixel or zca; else none."
    ),
]
TestShare = Annotated[
    float | None, _option("How much to hold back for the test, above 0 and below 1; else 0.15.")
]
ValidationShare = Annotated[
    float | None, _option("How much to hold back to choose the best epoch, from 0 to below 1; else 0.1.")
]
Top = Annotated[int, _option("How many answers to give for each file, the most probable first; else 1.")]
Out = Annotated[str, typer.Option(help="Where to write the picture, .png or .svg.")]
OutOrNone = Annotated[str | None, _option("Where to write the picture: .png, .svg, or .gif for what moves.")]
Details = Annotated[
    bool, _option("Add what each layer sees of the input, its operations and its memory.", "--details")
]

# What is asked of a picture.
Show = Annotated[
    list[str] | None, _option("Which picture, one of --list; may be given again. Else the most usual ones.")
]
Layer = Annotated[str | None, _option("A layer's name or number; else the first convolution.")]
Filters = Annotated[str | None, _option("Numbers of filters from 0, as 0,3,7; else the first ones.")]
Target = Annotated[str | None, _option("A class; else the one that is answered.", "--class")]
Method = Annotated[
    str,
    typer.Option(
        help="saliency, smooth_grad, integrated_gradients, guided_backpropagation, occlusion, grad_cam, ..."
    ),
]
Row = Annotated[int | None, _option("The place of the sum that is explained, from 0; else the strongest.")]
Count = Annotated[int, typer.Option(help="How many examples.")]
Sort = Annotated[str | None, _option("The feature maps with the largest mean, max or spread.")]
Untrained = Annotated[bool, typer.Option("--untrained", help="Beside each map that of an untrained network.")]
Before = Annotated[bool, typer.Option("--before", help="Maps before and after their activation.")]
Folder = Annotated[str | None, _option("The folder for the pictures; else see/ of the run.")]
Format = Annotated[str, typer.Option(help="png or svg.")]
ListViews = Annotated[bool, typer.Option("--list", help="List the pictures that there are, and end.")]

# What verbs take beside options.
Examples = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILES", help="Images or signals; else the run's test part.", show_default=False),
]
_DATA: Any = typer.Argument(
    metavar="DATA",
    help="digits, fashion_mnist, mnist, cifar10 or cifar100; a folder, list or archive of images; a "
    "table or folder of signals; a file of arrays; or the recipe.toml of a run, to do it again.",
    show_default=False,
)
DataArgument = Annotated[str, _DATA]
DataOrNothing = Annotated[str | None, _DATA]
RunArgument = Annotated[
    str,
    typer.Argument(metavar="RUN", help="The name of a run, its folder, or a model file.", show_default=False),
]
RunOrNothing = Annotated[
    str | None,
    typer.Argument(metavar="RUN", help="The name of a run, its folder, or a model file.", show_default=False),
]
