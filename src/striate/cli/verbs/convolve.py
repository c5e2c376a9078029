"""`striate convolve`: what kernels made by hand find in an image or a signal."""

from __future__ import annotations

from typing import Annotated

import typer

from striate.cli import options


def convolve(
    path: Annotated[
        str, typer.Argument(metavar="IMAGE", help="An image, or a table of signals.", show_default=False)
    ],
    kernels: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KERNELS",
            help="edge, sharpen, blur, emboss, sobel_x, gabor:theta=45, ... or numbers: '[[-1,0,1]]'.",
            show_default=False,
        ),
    ] = None,
    strides: Annotated[int, typer.Option(help="How far the window goes each step.")] = 1,
    padding: Annotated[str, typer.Option(help="valid, same (zeros), edge or reflect.")] = "valid",
    dilation: Annotated[int, typer.Option(help="The distance of the kernel's cells.")] = 1,
    flip: Annotated[
        bool, typer.Option("--flip", help="Turn kernels round first, as mathematics does.")
    ] = False,
    pooling: Annotated[
        str | None, typer.Option(help="Then pool: max, average or sum.", show_default=False)
    ] = None,
    pool_size: Annotated[int, typer.Option(help="The side of the pooling window.")] = 2,
    animate: Annotated[
        bool, typer.Option("--animate", help="Write a GIF: the window slides over a small copy.")
    ] = False,
    grey: Annotated[bool, typer.Option("--grey", help="Take the image without its colours.")] = False,
    row: Annotated[int, typer.Option(help="Which row of a table, from 1.")] = 1,
    out: options.OutOrNone = None,
) -> int:
    """Draw an image beside what kernels make of it, each result with its kernel."""
    from striate.workbench.convolving import Sliding, draw_convolution

    sliding = Sliding(strides, padding, dilation, flip, pooling, pool_size)
    found = draw_convolution(path, kernels or (), sliding, animate=animate, grey=grey, row=row, out=out)
    typer.echo(found.picture.caption)
    typer.echo(f"  {found.file.as_posix()}")
    return 0
