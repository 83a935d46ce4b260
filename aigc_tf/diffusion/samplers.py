"""Samplers (chapter 7): ways back from noise to an image that share one network.

Each is a rule for one step from time t to an earlier time s. It may ask `look(x, t)`, which calls the network once and
returns `Look(images, noise, velocity)`: what the network takes for x₀ and ε, and the dx/dt that follows. Behind all of
them stand the same two facts: x_s = α_s x₀ + σ_s ε for an x₀ and ε that stay, and dx/dt = α′ x₀ + σ′ ε.
"""

from typing import NamedTuple

import tensorflow as tf

from aigc_tf.core.inputs import check_name


class Look(NamedTuple):
    """What a network sees in x_t."""

    images: tf.Tensor  # x₀
    noise: tf.Tensor  # ε
    velocity: tf.Tensor  # dx/dt


class Step(NamedTuple):
    """One step: where it starts and ends, and what it may use."""

    look: object  # function (x, time) → Look
    schedule: object  # function times → Rates
    start: tf.Tensor  # t
    end: tf.Tensor  # s < t
    draw: object  # function () → standard normal noise in the shape of x
    memory: object  # what the step before has left: None at first


def ddim_step(noisy, step):
    """x_s = α_s x₀ + σ_s ε: keep what the network sees, turn the noise down.

    (Song et al. 2021, arXiv:2010.02502, equation 12 with σ = 0.)
    """
    seen = step.look(noisy, step.start)
    end = step.schedule(step.end)
    return end.alpha * seen.images + end.sigma * seen.noise, None


def ddpm_step(noisy, step):
    """A draw of q(x_s | x_t, x₀), with the x₀ that the network sees: part of its noise is replaced by fresh noise.

    (Ho et al. 2020, equations 6 and 7; as DDIM with fresh noise: Song et al. 2021, equations 12 and 16.) The fresh
    part has the variance σ_s² (1 − (α_t σ_s / (α_s σ_t))²), the old one what is missing to σ_s².

    The other way, to a later time, it adds noise as the forward process does, and calls no network.
    """
    start, end = step.schedule(step.start), step.schedule(step.end)
    if step.end > step.start:
        shrink = end.alpha / start.alpha
        return shrink * noisy + tf.sqrt(tf.square(end.sigma) - tf.square(shrink * start.sigma)) * step.draw(), None
    seen = step.look(noisy, step.start)
    kept = start.alpha * end.sigma / (end.alpha * start.sigma)  # share of the noise's strength: α_t σ_s / (α_s σ_t)
    old = end.sigma * kept
    fresh = end.sigma * tf.sqrt(1.0 - tf.square(kept))
    return end.alpha * seen.images + old * seen.noise + fresh * step.draw(), None


def euler_step(noisy, step):
    """x_s = x_t + (s − t) dx/dt: along the tangent. The step to t = 0 goes to what the network takes for the image.

    On the flow schedule that is the same; where the schedule bends, the tangent would miss it.
    """
    seen = step.look(noisy, step.start)
    return (seen.images if step.end == 0.0 else noisy + (step.end - step.start) * seen.velocity), None


def heun_step(noisy, step):
    """Along the mean of the velocities at both ends: two calls, an error of second order (Karras et al. 2022).

    (arXiv:2206.00364, algorithm 1; their algorithm 2 adds fresh noise.) The last step is Euler's, there and here.
    """
    seen = step.look(noisy, step.start)
    if step.end == 0.0:
        return seen.images, None
    guess = noisy + (step.end - step.start) * seen.velocity
    second = step.look(guess, step.end).velocity
    return noisy + 0.5 * (step.end - step.start) * (seen.velocity + second), None


def dpm_step(noisy, step):
    """DPM-Solver++(2M): the x₀ of this step and the last, extrapolated to the middle (Lu et al. 2022).

    (arXiv:2211.01095, algorithm 2.) In λ = ln(α/σ), with h = λ_s − λ_t and r = h_before / h,

        D = x₀ + (x₀ − x₀_before) / (2 r)        x_s = (σ_s / σ_t) x_t + α_s (1 − e⁻ʰ) D

    The first step, the last one, where λ_s is infinite, and the second of a walk from pure noise, where λ was −∞
    before, take D = x₀: of four such steps, three are of first order.
    """
    images = step.look(noisy, step.start).images
    start, end = step.schedule(step.start), step.schedule(step.end)
    place = tf.math.log(start.alpha / start.sigma)
    shrink = end.sigma * start.alpha / (end.alpha * start.sigma)  # e⁻ʰ
    direction = images
    if step.memory is not None and step.end > 0.0:
        images_before, place_before = step.memory
        if tf.math.is_finite(place_before):
            ratio = (place - place_before) / -tf.math.log(shrink)
            direction += (images - images_before) / (2.0 * ratio)
    noisy = end.sigma / start.sigma * noisy + end.alpha * (1.0 - shrink) * direction
    return noisy, (images, place)


SAMPLERS = {"ddpm": ddpm_step, "ddim": ddim_step, "euler": euler_step, "heun": heun_step, "dpm": dpm_step}


def network_calls(sampler, steps, guidance=1.0):
    """How often the network is called on a walk that ends at t = 0: once a step; by Heun twice, but for the last step.

    Guidance other than 1 asks twice at each of these calls, with the label and without.
    """
    check_name("sampler", sampler, SAMPLERS)
    calls = 2 * steps - 1 if sampler == "heun" else steps
    return calls if guidance == 1 else 2 * calls


def sample(look, schedule, noise, times, *, sampler="ddim", draw=None, change=None):
    """Walks from x at times[0] to x at times[-1].

    Args:
        look: function (x, time) → Look, one call of the network.
        schedule: function times → Rates.
        noise: x at the first time, any shape.
        times: (steps + 1,) float32, in the order of the walk; upwards for the way into the noise.
        sampler: a name in SAMPLERS.
        draw: function () → standard normal noise in the shape of x; "ddpm" needs it.
        change: function (x, time) → x, applied after each step, as inpainting does; or None.

    Returns:
        x at the last time.

    Raises:
        ValueError: for an unknown sampler, or "ddpm" without `draw`.
    """
    check_name("sampler", sampler, SAMPLERS)
    if sampler == "ddpm" and draw is None:
        raise ValueError('sampler="ddpm" adds fresh noise: draw= must be a function that makes it. Received: draw=None')
    noisy, memory = noise, None
    for start, end in zip(times[:-1], times[1:]):
        start, end = tf.constant(start, tf.float32), tf.constant(end, tf.float32)
        step = Step(look, schedule, start, end, draw, memory)
        noisy, memory = SAMPLERS[sampler](noisy, step)
        noisy = noisy if change is None else change(noisy, step.end)
    return noisy
