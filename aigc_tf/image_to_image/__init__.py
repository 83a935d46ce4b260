"""From image to image (chapter 8): read `networks`, then `pix2pix`, `palette`, `cyclegan`, `style` and `vae_gan`."""

from aigc_tf.image_to_image.cyclegan import CycleGAN, ImagePool
from aigc_tf.image_to_image.fast_style import StyleTransfer
from aigc_tf.image_to_image.networks import (
    build_patch_discriminator,
    build_sub_pixel_network,
    build_unet,
)
from aigc_tf.image_to_image.palette import Palette
from aigc_tf.image_to_image.pix2pix import Pix2Pix, Translator, l1_loss
from aigc_tf.image_to_image.style import (
    Stylised,
    activations,
    content_loss,
    feature_network,
    gram_matrix,
    random_feature_network,
    style_loss,
    style_statistics,
    stylise,
)
from aigc_tf.image_to_image.vae_gan import VAEGAN, feature_nll

__all__ = [
    "VAEGAN", "CycleGAN", "ImagePool", "Palette", "Pix2Pix", "StyleTransfer", "Stylised", "Translator", "activations",
    "build_patch_discriminator", "build_sub_pixel_network", "build_unet", "content_loss", "feature_network",
    "feature_nll", "gram_matrix", "l1_loss", "random_feature_network", "style_loss", "style_statistics", "stylise",
]
