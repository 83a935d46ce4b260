"""Functions that return a matplotlib Figure, and those that show one in a notebook."""

from aigc_tf.plots.areas import Area, plot_areas
from aigc_tf.plots.attention import plot_attention
from aigc_tf.plots.charts import plot_bars, plot_curves, plot_kl_per_dimension, plot_lines, plot_log_lines
from aigc_tf.plots.concepts import Codes, plot_codes
from aigc_tf.plots.convolutions import plot_convolution
from aigc_tf.plots.diagrams import Box, plot_flow
from aigc_tf.plots.dots import plot_dots
from aigc_tf.plots.films import figures_gif, images_gif, show, show_gif
from aigc_tf.plots.galleries import plot_gallery, show_gallery
from aigc_tf.plots.games import plot_feature_clouds, plot_line_game, plot_line_games, plot_plane_games
from aigc_tf.plots.machines import Ring, plot_ring, plot_timeline
from aigc_tf.plots.maps import plot_latent_maps
from aigc_tf.plots.matrices import plot_matrices
from aigc_tf.plots.music import plot_known, plot_piano_roll
from aigc_tf.plots.pictures import (
    image_grid,
    plot_film_strip,
    plot_images,
    plot_latent_map,
    plot_latent_plane,
    plot_rows,
    plot_walk,
)
from aigc_tf.plots.pieces import plot_pieces
from aigc_tf.plots.planes import Plane, plot_planes
from aigc_tf.plots.sequences import plot_chain, plot_choices, plot_streams
from aigc_tf.plots.style import (
    BASELINE,
    BLACK,
    BLUE,
    CLASSES,
    GENERATED,
    GREEN,
    GREY,
    LINES,
    ORANGE,
    PURPLE,
    REAL,
    SKY,
    STYLE,
    TEST,
    TRAIN,
    VERMILION,
    WIDTH,
    YELLOW,
)
from aigc_tf.plots.text import plot_next, plot_over_text, plot_passage, plot_unit
from aigc_tf.plots.tradeoffs import plot_tradeoff

__all__ = [
    "Area", "BASELINE", "BLACK", "BLUE", "Box", "CLASSES", "Codes", "GENERATED", "GREEN", "GREY", "LINES", "ORANGE",
    "PURPLE", "Plane", "REAL", "Ring", "SKY", "STYLE", "TEST", "TRAIN", "VERMILION", "WIDTH", "YELLOW", "figures_gif",
    "image_grid", "images_gif", "plot_areas", "plot_attention", "plot_bars", "plot_chain", "plot_choices", "plot_codes",
    "plot_convolution", "plot_curves", "plot_dots", "plot_feature_clouds", "plot_film_strip", "plot_flow",
    "plot_gallery", "plot_images", "plot_kl_per_dimension", "plot_known", "plot_latent_map", "plot_latent_maps",
    "plot_latent_plane", "plot_line_game", "plot_line_games", "plot_lines", "plot_log_lines", "plot_matrices",
    "plot_next", "plot_over_text", "plot_passage", "plot_piano_roll", "plot_pieces", "plot_plane_games", "plot_planes",
    "plot_ring", "plot_rows", "plot_streams", "plot_timeline", "plot_tradeoff", "plot_unit", "plot_walk", "show",
    "show_gallery", "show_gif",
]
