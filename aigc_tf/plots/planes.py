"""Points in the plane that become noise and come back (chapter 7), with the arrows and the paths that lead them."""

from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np

from aigc_tf.plots.style import BLACK, GENERATED, GREY, REAL, WIDTH, styled


class Plane(NamedTuple):
    """One panel of `plot_planes`; what is None is not drawn.

    Args:
        points: {name: (N, 2)}; "data" is green, anything else red unless `colours` says otherwise.
        arrows: (places, directions), both (M, 2), drawn to scale, or a dictionary of such pairs by name.
        paths: (steps, P, 2): P thin lines, with a dot where each one ends.
        cross: (2,), a place that is marked.
    """

    points: dict = {}
    arrows: tuple | dict | None = None
    paths: np.ndarray | None = None
    cross: np.ndarray | None = None


@styled
def plot_planes(panels, *, extent=3.0, colours=None, size=7.0, columns=5):
    """Panels of points side by side, as {title: `Plane`}, all on the same scale.

    Args:
        panels: for each title what it shows.
        extent: both axes run from −extent to extent.
        colours: {name: colour} of points and arrows.
        size: area of a point in square points, or {name: size}.
        columns: panels in a row.

    Raises:
        ValueError: for no panel, or points of another shape than (N, 2).
    """
    if not panels:
        raise ValueError("panels must hold at least one Plane. Received: none")
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    colours = {"data": REAL, **(colours or {})}
    figure, grid = plt.subplots(rows, columns, squeeze=False, sharex=True, sharey=True,
                                figsize=(WIDTH, rows * (min(WIDTH / columns, 4.2) + 0.25)))
    for axes in grid.flat[len(panels):]:
        axes.remove()
    for axes, (title, plane) in zip(grid.flat, panels.items()):
        _draw_plane(axes, plane, colours, size)
        axes.spines[:].set(visible=True, color=GREY, linewidth=0.5)
        axes.set(title=title, xlim=(-extent, extent), ylim=(-extent, extent), aspect="equal", xticks=[], yticks=[])
    handles = {label: handle for axes in grid.flat[:len(panels)]
               for handle, label in zip(*axes.get_legend_handles_labels())}
    if len(handles) > 1:
        figure.legend(handles.values(), handles, loc="outside lower center", ncols=min(4, len(handles)),
                      markerscale=max(1.0, 5.0 / min(_sizes(size, handles)) ** 0.5))
    return figure


def _sizes(size, names):
    return [size.get(name, 7.0) for name in names] if isinstance(size, dict) else [size]


def _draw_plane(axes, plane, colours, size):
    for name, points in plane.points.items():
        points = np.asarray(points)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"points must have shape (N, 2). Received: {name!r} of shape {points.shape}")
        area = size.get(name, 7.0) if isinstance(size, dict) else size
        axes.scatter(*points.T, s=area, color=colours.get(name, GENERATED), alpha=0.6, linewidths=0, label=name)
    if plane.paths is not None:
        paths = np.asarray(plane.paths)
        axes.plot(paths[..., 0], paths[..., 1], color=BLACK, linewidth=0.7, alpha=0.6)
        axes.plot(*paths[-1].T, ".", color=BLACK, markersize=5)
    if plane.arrows is not None:
        named = plane.arrows if isinstance(plane.arrows, dict) else {None: plane.arrows}
        for name, (places, directions) in named.items():
            axes.quiver(*np.asarray(places).T, *np.asarray(directions).T, angles="xy", scale_units="xy", scale=1,
                        color=colours.get(name, BLACK), width=0.006, label=name, zorder=3)
    if plane.cross is not None:
        axes.plot(*plane.cross, "x", color=BLACK, markersize=11, markeredgewidth=2.5, zorder=4)
