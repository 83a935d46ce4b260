"""PyTorch's contenders, as its users write them, at its best: it reads orders from stdin (see `pytorch.Program`).

- The same layers as ours with as many weights (the benchmarks compare the counts), and where quality is compared the
  same beginning: Glorot's uniform kernels, zeros as biases, orthogonal recurrent kernels, a forget gate's bias of 1.
- Adam with `fused=True` and ε = 1e-7 (Keras adds it before it corrects the bias of the moments, PyTorch after).
- Uniform draws and a comparison instead of `torch.bernoulli`, which is slower here; images gathered by index instead of
  a `DataLoader`, whose processes take the cores from the products; `channels_last` for convolutions, which is faster.
- Attention by `scaled_dot_product_attention`, queries, keys and values by one product.
- Eager, and all but the LSTM also with losses or networks by `torch.compile`. (It does not look into `nn.LSTM`.)

It runs in PyTorch's own environment: nothing of the course or TensorFlow is imported here.
"""

import copy
import functools
import math
import os
import sys
import tempfile
import time

import numpy as np
import torch
from messages import receive, send
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
torch.set_num_threads(CORES)  # as many as TensorFlow takes


def begin_as_keras(layer):
    """Sets a layer's first weights as Keras draws them."""
    if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    if isinstance(layer, nn.LSTM):
        nn.init.xavier_uniform_(layer.weight_ih_l0)
        nn.init.orthogonal_(layer.weight_hh_l0)
        nn.init.zeros_(layer.bias_ih_l0)
        nn.init.zeros_(layer.bias_hh_l0)
        nn.init.ones_(layer.bias_ih_l0[layer.hidden_size:2 * layer.hidden_size].detach())  # gates in order i, f, g, o


def adam(weights, learning_rate, beta_1=0.9):
    return torch.optim.Adam(weights, learning_rate, (beta_1, 0.999), eps=1e-7, fused=True)


class Program:
    """What all have: `step()` trains, and `network` is what a quality is measured of."""

    def count(self):
        """Numbers of trainable weights of each network."""
        return [sum(weight.numel() for weight in network.parameters()) for network in self.networks]

    def train(self, steps):
        for _ in range(steps):
            self.step()

    def train_and_keep(self, looks):
        """Trains and keeps the weights after each number of steps in `looks`.

        Returns:
            {"begin": seconds until the first step was done, "seconds": until each look}.
        """
        self.kept, seconds, start = [], [], time.perf_counter()
        for number in range(1, looks[-1] + 1):
            self.step()
            if number == 1:
                begin = time.perf_counter() - start
            if number in looks:
                self.kept.append(copy.deepcopy(self.network.state_dict()))
                seconds.append(time.perf_counter() - start)
        return {"begin": begin, "seconds": seconds}

    def recall(self, look):
        self.network.load_state_dict(self.kept[look])


class Products:
    """Products of matrices, as in limits.py."""

    def __init__(self, size, small):
        rows, inner, columns = small
        self.matrix, self.states = torch.randn(size, size), torch.randn(rows, inner)
        self.kernel = torch.linalg.qr(torch.randn(columns, inner))[0].T.contiguous()

    def large(self):
        return float((self.matrix @ self.matrix)[0, 0])

    def small(self, pairs):
        states = self.states
        for _ in range(pairs):
            states = (states @ self.kernel) @ self.kernel.T
        return float(states[0, 0])


class VAE(Program):
    """Chapter 2's, Bernoulli pixels; `images` are bytes (N, 28, 28, 1), `test` holds zeros and ones."""

    def __init__(self, images, test, seed, batch_size, compiled=False):
        torch.manual_seed(seed)
        self.batch_size = batch_size
        self.images, self.test = (torch.from_numpy(part).reshape(len(part), 784) for part in (images, test))
        self.encoder = nn.Sequential(nn.Linear(784, 512), nn.ELU(), nn.Linear(512, 384), nn.ELU(), nn.Linear(384, 80))
        self.decoder = nn.Sequential(nn.Linear(40, 384), nn.ELU(), nn.Linear(384, 512), nn.ELU(), nn.Linear(512, 784))
        self.networks = (self.encoder, self.decoder)
        self.network = nn.ModuleList(self.networks).apply(begin_as_keras)
        self.optimizer = adam(self.network.parameters(), 1e-3)
        self.loss = torch.compile(self.negative_elbo) if compiled else self.negative_elbo

    def negative_elbo(self, binary):
        mean, log_var = self.encoder(binary).chunk(2, dim=1)
        logits = self.decoder(mean + torch.exp(0.5 * log_var) * torch.randn_like(mean))
        reconstruction = nn.functional.binary_cross_entropy_with_logits(logits, binary, reduction="sum")
        return (reconstruction - 0.5 * torch.sum(1 + log_var - mean**2 - log_var.exp())) / len(binary)

    def step(self):
        images = self.images[torch.randint(len(self.images), (self.batch_size,))].float() / 255
        binary = (torch.rand_like(images) < images).float()  # anew in every epoch, as ours
        self.optimizer.zero_grad()
        self.loss(binary).backward()
        self.optimizer.step()

    def quality(self):
        """−ELBO of the test images, in nats."""
        with torch.no_grad():
            return float(self.negative_elbo(self.test))


def dense_gan():
    """Generator and discriminator of the dense GAN."""
    generator = nn.Sequential(
        nn.Linear(100, 256), nn.ReLU(), nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 784), nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Flatten(), nn.Linear(784, 512), nn.LeakyReLU(0.2), nn.Linear(512, 256), nn.LeakyReLU(0.2), nn.Linear(256, 1)
    )
    return generator, discriminator


def dcgan():
    """Generator and discriminator of the DCGAN; images and maps are (batch, channels, height, width) here."""
    epsilon = {"eps": 1e-3}  # of batch normalization, as Keras has it
    generator = nn.Sequential(
        nn.Linear(64, 256, bias=False), nn.BatchNorm1d(256, **epsilon), nn.ReLU(),
        nn.Linear(256, 64 * 7 * 7, bias=False), nn.BatchNorm1d(64 * 7 * 7, **epsilon), nn.ReLU(),
        nn.Unflatten(1, (64, 7, 7)),
        nn.ConvTranspose2d(64, 32, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(32, **epsilon), nn.ReLU(),
        nn.ConvTranspose2d(32, 1, 4, stride=2, padding=1), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        nn.Conv2d(1, 32, 4, stride=2, padding=1), nn.LeakyReLU(0.2),
        nn.Conv2d(32, 64, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Flatten(),
        nn.Linear(64 * 7 * 7, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1),
    )  # fmt: skip
    return generator, discriminator


class GAN(Program):
    """`GAN.train_step` in PyTorch, one batch of fakes for both players; `images` are bytes (N, 28, 28, 1)."""

    def __init__(self, images, seed, batch_size, architecture, learning_rate, beta_1, compiled=False):
        torch.manual_seed(seed)
        self.batch_size = batch_size
        self.layout = torch.channels_last if architecture == "dcgan" else torch.contiguous_format
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2)  # (N, 1, 28, 28)
        self.networks = [
            network.apply(begin_as_keras).to(memory_format=self.layout)
            for network in (dcgan() if architecture == "dcgan" else dense_gan())
        ]
        self.network = self.networks[0]  # the generator
        self.latent_dim = self.network[0].in_features
        self.optimizers = [adam(network.parameters(), learning_rate, beta_1) for network in self.networks]
        self.players = [torch.compile(network) for network in self.networks] if compiled else self.networks

    def step(self):
        (generator, discriminator), (generator_optimizer, discriminator_optimizer) = self.players, self.optimizers
        softplus = nn.functional.softplus
        real = self.images[torch.randint(len(self.images), (self.batch_size,))].float() / 127.5 - 1.0
        fakes = generator(torch.randn(self.batch_size, self.latent_dim))
        discriminator_optimizer.zero_grad()
        both = torch.cat([real, fakes.detach()]).contiguous(memory_format=self.layout)
        real_logits, fake_logits = discriminator(both).chunk(2)
        (softplus(-real_logits) + softplus(fake_logits)).mean().backward()
        discriminator_optimizer.step()
        generator_optimizer.zero_grad()
        loss = softplus(-discriminator(fakes)).mean()
        loss.backward(inputs=list(self.network.parameters()))  # and none for the discriminator's weights
        generator_optimizer.step()

    def generate(self, latents):
        """Images in [0, 1], (N, 28, 28, 1), of the latents (N, latent_dim)."""
        self.network.eval()
        with torch.no_grad():
            images = self.network(torch.from_numpy(latents)).permute(0, 2, 3, 1)
        self.network.train()
        return (0.5 * images + 0.5).contiguous().numpy()

    def draw(self, count):
        """Makes so many images, and keeps them to itself."""
        self.generate(torch.randn(count, self.latent_dim).numpy())


def group_norm(channels):
    return nn.GroupNorm(8, channels, eps=1e-3)  # as Keras has it


class ResidualBlock(nn.Module):
    """Two convolutions, between which the condition stretches and shifts each channel, added to what came in."""

    def __init__(self, inputs, channels, condition):
        super().__init__()
        self.shortcut = nn.Identity() if inputs == channels else nn.Conv2d(inputs, channels, 1)
        self.first = nn.Sequential(
            group_norm(inputs), nn.SiLU(), nn.Conv2d(inputs, channels, 3, padding=1), group_norm(channels)
        )
        self.scale_and_shift = nn.Linear(condition, 2 * channels)
        self.second = nn.Sequential(nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, hidden, condition):
        scale, shift = self.scale_and_shift(condition)[:, :, None, None].chunk(2, dim=1)
        return self.shortcut(hidden) + self.second(self.first(hidden) * (1 + scale) + shift)


class UNet(nn.Module):
    """Noisy images (batch, 1, height, width), times and one-hot labels → a prediction in the shape of the images."""

    def __init__(self, widths, num_classes):
        super().__init__()
        size, sides = 2 * widths[0], list(zip([1, *widths], widths))  # of the condition; channels around each level
        self.register_buffer("frequencies", torch.exp(torch.linspace(0, math.log(1000), 32)))
        self.time, self.label = nn.Linear(64, size), nn.Linear(num_classes, size, bias=False)
        self.condition = nn.Sequential(nn.SiLU(), nn.Linear(size, size), nn.SiLU())
        self.down = nn.ModuleList(nn.Conv2d(outer, inner, 2, stride=2) for outer, inner in sides)
        self.down_blocks = nn.ModuleList(ResidualBlock(width, width, size) for width in widths)
        self.middle = ResidualBlock(widths[-1], widths[-1], size)
        self.up_blocks = nn.ModuleList(ResidualBlock(2 * width, width, size) for width in widths)
        self.up = nn.ModuleList(nn.ConvTranspose2d(inner, outer, 2, stride=2) for outer, inner in sides)
        self.up[0] = nn.Sequential(group_norm(widths[0]), nn.SiLU(), self.up[0])

    def forward(self, noisy, times, one_hot):
        angles = times[:, None] * self.frequencies
        condition = self.condition(self.time(torch.cat([angles.sin(), angles.cos()], dim=1)) + self.label(one_hot))
        hidden, skips = noisy, []
        for down, block in zip(self.down, self.down_blocks):
            hidden = block(down(hidden), condition)
            skips.append(hidden)
        hidden = self.middle(hidden, condition)
        for up, block in zip(reversed(self.up), reversed(self.up_blocks)):
            hidden = up(block(torch.cat([hidden, skips.pop()], dim=1), condition))
        return hidden


class Diffusion(Program):
    """`Diffusion.train_step` in PyTorch, as it stands there by default; `images` are bytes (N, 28, 28, 1)."""

    def __init__(
        self, images, labels, seed, batch_size, widths, num_classes, label_dropout, ema_decay, learning_rate,
        compiled=False,
    ):  # fmt: skip
        torch.manual_seed(seed)
        self.batch_size, self.label_dropout = batch_size, label_dropout
        self.images = torch.from_numpy(images).permute(0, 3, 1, 2)  # (N, 1, 28, 28)
        self.one_hot = nn.functional.one_hot(torch.from_numpy(labels).long(), num_classes).float()
        self.network = UNet(widths, num_classes).apply(begin_as_keras).to(memory_format=torch.channels_last)
        self.networks = [self.network]
        self.average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(ema_decay))
        self.optimizer = adam(self.network.parameters(), learning_rate)
        self.loss = torch.compile(self.squared_error) if compiled else self.squared_error

    def squared_error(self, images, one_hot):
        """Of the velocity ε − x₀ at x_t = (1 − t) x₀ + t ε, with times t from a logit-normal distribution."""
        noise, times = torch.randn_like(images), torch.sigmoid(torch.randn(len(images)))
        noisy = torch.lerp(images, noise, times[:, None, None, None])
        return nn.functional.mse_loss(self.network(noisy, times, one_hot), noise - images)

    def batch(self):
        """Images in [−1, 1] and one-hot labels."""
        chosen = torch.randint(len(self.images), (self.batch_size,))
        return self.images[chosen].float() / 127.5 - 1.0, self.one_hot[chosen]

    def step(self):
        images, one_hot = self.batch()
        one_hot *= torch.rand(len(images), 1) >= self.label_dropout  # a row of zeros: any class
        self.optimizer.zero_grad()
        self.loss(images, one_hot).backward()
        self.optimizer.step()
        self.average.update_parameters(self.network)

    def quality(self):
        """The loss of a batch."""
        with torch.no_grad():
            return float(self.loss(*self.batch()))


def instance_norm(channels):
    return nn.GroupNorm(channels, channels, eps=1e-3)  # `nn.InstanceNorm2d` leaves `channels_last`, and is slower


def layer_norm(channels):
    return nn.GroupNorm(1, channels, eps=1e-3)  # all channels of an image together


class TranslationUNet(nn.Module):
    """`build_unet` of chapter 8 with upsampling="resize": images → images of the same size, both in [−1, 1]."""

    def __init__(self, sources, targets, widths, dropout):
        super().__init__()
        last, outputs = len(widths) - 1, [*(2 * width for width in widths[:-1]), widths[-1]]  # with what is skipped
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level, (inputs, width) in enumerate(zip([sources, *widths], widths)):
            norm = [instance_norm(width)] if 0 < level < last else []
            self.down.append(nn.Sequential(nn.Conv2d(inputs, width, 4, 2, padding=1), *norm, nn.LeakyReLU(0.2)))
        for level in reversed(range(last)):
            norm = instance_norm(widths[level]), nn.Dropout(dropout)
            self.up.append(nn.Sequential(*self.doubled(outputs[level + 1], widths[level]), *norm, nn.ReLU()))
        self.up.append(nn.Sequential(*self.doubled(outputs[0], widths[0] // 2), nn.ReLU()))
        self.images = nn.Sequential(nn.Conv2d(widths[0] // 2 + sources, targets, 3, padding=1), nn.Tanh())

    @staticmethod
    def doubled(inputs, outputs):
        return nn.Upsample(scale_factor=2), nn.Conv2d(inputs, outputs, 3, padding=1)

    def forward(self, sources):
        hidden, skips = sources, [sources]
        for down in self.down:
            hidden = down(hidden)
            skips.append(hidden)
        skips.pop()
        for up in self.up:
            hidden = torch.cat([up(hidden), skips.pop()], dim=1)
        return self.images(hidden)


def patch_discriminator(channels, widths, norm):
    """`build_patch_discriminator` of chapter 8: images → one logit for each patch, (batch, 1, h, w)."""
    layers, pad = [], nn.ZeroPad2d((1, 2, 1, 2))  # as Keras does around an even kernel that does not halve
    for level, (inputs, width) in enumerate(zip([channels, *widths], widths)):
        halves = level < len(widths) - 1
        layers += [nn.Conv2d(inputs, width, 4, 2, padding=1)] if halves else [pad, nn.Conv2d(inputs, width, 4)]
        layers += [norm(width)] if level else []
        layers.append(nn.LeakyReLU(0.2))
    return nn.Sequential(*layers, pad, nn.Conv2d(widths[-1], 1, 4))


def joined(*images, dim=0):
    """As one batch: no layer here looks at more than one image."""
    return torch.cat(images, dim=dim).contiguous(memory_format=torch.channels_last)


class Translation(Program):
    """What both programs of chapter 8 share: generators and discriminators, an optimizer for each side, and the step.

    `sources` and `targets` are bytes (N, height, width, channels).
    """

    def __init__(
        self, sources, targets, seed, batch_size, generators, discriminators, learning_rate, beta_1, compiled
    ):  # fmt: skip
        self.batch_size = batch_size
        self.sources, self.targets = (torch.from_numpy(part).permute(0, 3, 1, 2) for part in (sources, targets))
        torch.manual_seed(seed)
        sides = [nn.ModuleList(make() for make in side) for side in (generators, discriminators)]
        for side in sides:
            side.apply(begin_as_keras).to(memory_format=torch.channels_last)
        self.network, self.discriminators = sides
        self.networks = [network for side in sides for network in side]
        self.optimizers = [adam(side.parameters(), learning_rate, beta_1) for side in sides]
        # For each size of a batch anew: real ones and fakes are judged together, then fakes alone.
        self.players = [torch.compile(each, dynamic=False) for each in self.networks] if compiled else self.networks

    def draw(self, *sets):
        """A batch of each set in [−1, 1], of the same numbers."""
        chosen = torch.randint(len(sets[0]), (self.batch_size,))
        return [images[chosen].float() / 127.5 - 1.0 for images in sets]

    def step(self):
        generator_optimizer, discriminator_optimizer = self.optimizers
        images = self.batch()
        fakes = self.fakes(*images)
        discriminator_optimizer.zero_grad()
        self.discriminators.requires_grad_(True)
        self.discriminator_loss(*images, *self.shown(*(fake.detach() for fake in fakes))).backward()
        discriminator_optimizer.step()
        self.discriminators.requires_grad_(False)  # the generators' step needs no gradients of their weights
        generator_optimizer.zero_grad()
        self.generator_loss(*images, *fakes).backward()
        generator_optimizer.step()

    def shown(self, *fakes):
        """The fakes that the discriminators learn from."""
        return fakes

    def losses_with(self, weights, images):
        """The discriminators' and the generators' loss when the networks have these weights, of images in [−1, 1]."""
        images = [torch.from_numpy(part).permute(0, 3, 1, 2) for part in images]  # sources and targets
        both = nn.ModuleList(self.networks).eval()  # no dropout
        with torch.no_grad():
            for weight, value in zip(both.parameters(), weights, strict=True):
                weight.copy_(torch.from_numpy(value))
            fakes = self.fakes(*images)
            losses = self.discriminator_loss(*images, *fakes), self.generator_loss(*images, *fakes)
        both.train()
        return [float(loss) for loss in losses]


class Pix2Pix(Translation):
    """`Pix2Pix.train_step` with the non-saturating loss and a discriminator that sees the source."""

    def __init__(
        self, sources, targets, widths, dropout, discriminator_widths, l1_weight, ema_decay, compiled=False, **training
    ):
        self.l1_weight, channels = l1_weight, (sources.shape[-1], targets.shape[-1])
        generator = functools.partial(TranslationUNet, *channels, widths, dropout)
        discriminator = functools.partial(patch_discriminator, sum(channels), discriminator_widths, layer_norm)
        super().__init__(sources, targets, generators=[generator], discriminators=[discriminator], compiled=compiled,
                         **training)
        self.average = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(ema_decay))

    def batch(self):
        """Pairs."""
        return self.draw(self.sources, self.targets)

    def fakes(self, sources, targets):
        return [self.players[0](sources)]

    def discriminator_loss(self, sources, targets, fakes):
        both = joined(joined(sources, targets, dim=1), joined(sources, fakes, dim=1))
        real_logits, fake_logits = self.players[1](both).chunk(2)
        return (nn.functional.softplus(-real_logits) + nn.functional.softplus(fake_logits)).mean()

    def generator_loss(self, sources, targets, fakes):
        logits = self.players[1](joined(sources, fakes, dim=1))
        l1 = 0.5 * nn.functional.l1_loss(fakes, targets)  # as of images in [0, 1]
        return nn.functional.softplus(-logits).mean() + self.l1_weight * l1

    def step(self):
        super().step()
        self.average.update_parameters(self.network)

    def quality(self):
        """The L1 error of a batch."""
        sources, targets = self.batch()
        with torch.no_grad():
            return float(nn.functional.l1_loss(self.networks[0](sources), targets))


class ImagePool:
    """The last fakes: each new one goes on, or, with a chance of one half, stays, and an older one goes on."""

    def __init__(self, size):
        self.size, self.filled, self.images = size, 0, None

    def __call__(self, fakes):
        if self.images is None:
            self.images = fakes.new_zeros(self.size, *fakes.shape[1:]).contiguous(memory_format=torch.channels_last)
        before, room = self.filled, min(self.size - self.filled, len(fakes))
        if room:
            self.images[before:before + room], self.filled = fakes[:room], before + room
        if room == len(fakes):
            return fakes
        swap = torch.rand(len(fakes) - room) < 0.5
        new, old = torch.arange(room, len(fakes))[swap], torch.randperm(before)[:len(swap)][swap]
        shown = fakes.clone()
        shown[new], self.images[old] = self.images[old], fakes[new]
        return shown


class CycleGAN(Translation):
    """`CycleGAN.train_step` with the least-squares loss; a generator's first pass and that of its targets are one."""

    def __init__(
        self, sources, targets, widths, discriminator_widths, discriminator_norms, cycle_weight, identity_weight,
        pool_size, compiled=False, **training,
    ):
        channels = sources.shape[-1]
        self.cycle_weight, self.identity_weight = cycle_weight, identity_weight
        generator = functools.partial(TranslationUNet, channels, channels, widths, dropout=0.0)
        discriminator = functools.partial(patch_discriminator, channels, discriminator_widths)
        norms = [{"instance": instance_norm, "layer": layer_norm}[name] for name in discriminator_norms]
        discriminators = [functools.partial(discriminator, norm) for norm in norms]
        super().__init__(sources, targets, generators=[generator] * 2, discriminators=discriminators,
                         compiled=compiled, **training)
        self.pools = [ImagePool(pool_size) for _ in range(2)]

    def batch(self):
        """Images that have nothing to do with each other."""
        return [*self.draw(self.sources), *self.draw(self.targets)]

    def fakes(self, sources, targets):
        """Fake targets and sources, and what the generators make of what they need not change."""
        there, back, *_ = self.players
        fake_targets, same_targets = there(joined(sources, targets)).chunk(2)
        fake_sources, same_sources = back(joined(targets, sources)).chunk(2)
        return fake_targets, fake_sources, same_targets, same_sources

    def shown(self, fake_targets, fake_sources, *same):
        return [pool(fakes) for pool, fakes in zip(self.pools, (fake_targets, fake_sources))]

    def discriminator_loss(self, sources, targets, fake_targets, fake_sources, *same):
        loss = 0.0
        for judge, real, fakes in zip(self.players[2:], (targets, sources), (fake_targets, fake_sources)):
            real_logits, fake_logits = judge(joined(real, fakes)).chunk(2)
            loss += 0.5 * ((real_logits - 1).square() + fake_logits.square()).mean()
        return loss

    def generator_loss(self, sources, targets, fake_targets, fake_sources, same_targets, same_sources):
        there, back, judge_targets, judge_sources = self.players
        l1_loss = nn.functional.l1_loss
        adversarial = 0.5 * (judge_targets(fake_targets) - 1).square().mean()
        adversarial += 0.5 * (judge_sources(fake_sources) - 1).square().mean()
        cycle = l1_loss(back(fake_targets), sources) + l1_loss(there(fake_sources), targets)
        identity = l1_loss(same_targets, targets) + l1_loss(same_sources, sources)
        return adversarial + self.cycle_weight * cycle + self.identity_weight * identity

    def quality(self):
        """The L1 error of a batch there and back."""
        sources, _ = self.batch()
        there, back = self.network
        with torch.no_grad():
            return float(nn.functional.l1_loss(back(there(sources)), sources))


class LanguageModel(nn.Module):
    """Embedding, LSTM and logits."""

    def __init__(self, num_tokens, units, embedding_dim):
        super().__init__()
        self.embedding = nn.Embedding(num_tokens, embedding_dim)  # N(0, 1) at first, as ours
        self.lstm = nn.LSTM(embedding_dim, units, batch_first=True)
        self.logits = nn.Linear(units, num_tokens)

    def forward(self, tokens, states=None):
        hidden, states = self.lstm(self.embedding(tokens), states)
        return self.logits(hidden), tuple(state.detach() for state in states)


def streams(numbers, length, batch_size):
    """`aigc_tf.text.streams`: inputs and targets (batch, length) of windows that go on where the ones before ended."""
    count = (len(numbers) - 1) // batch_size // length
    used = count * length
    parts = torch.from_numpy(np.stack([numbers[row * used:row * used + used + 1] for row in range(batch_size)])).long()
    for at in range(0, used, length):
        yield parts[:, at:at + length], parts[:, at + 1:at + length + 1]


class LSTM(Program):
    """Chapter 4's language model: carried states, gradients clipped to norm 1."""

    def __init__(self, numbers, test, seed, batch_size, num_tokens, units, embedding_dim, length, learning_rate):
        torch.manual_seed(seed)
        self.numbers, self.test, self.size = numbers, test, (length, batch_size)
        self.network = LanguageModel(num_tokens, units, embedding_dim).apply(begin_as_keras)
        self.networks = [self.network]
        self.optimizer = adam(self.network.parameters(), learning_rate)
        self.batches, self.states = iter(()), None

    def loss(self, inputs, targets, states):
        logits, states = self.network(inputs, states)
        return nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten()), states

    def step(self):
        batch = next(self.batches, None)
        if batch is None:
            self.batches, self.states = streams(self.numbers, *self.size), None
            batch = next(self.batches)
        loss, self.states = self.loss(*batch, self.states)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()

    def quality(self):
        """Nats per character of the test text, read as 32 streams."""
        states, losses = None, []
        with torch.no_grad():
            for batch in streams(self.test, self.size[0], 32):
                loss, states = self.loss(*batch, states)
                losses.append(float(loss))
        return float(np.mean(losses))

    def write(self, count):
        """So many characters, each drawn from the distribution after those before; returns their numbers."""
        token, states, tokens = torch.zeros(1, 1, dtype=torch.long), None, []
        with torch.no_grad():
            for _ in range(count):
                logits, states = self.network(token, states)
                token = torch.multinomial(torch.softmax(logits[0], dim=-1), 1)
                tokens.append(int(token))
        return tokens


def rms_norm(vectors):
    return nn.functional.rms_norm(vectors, vectors.shape[-1:], eps=1e-6)


def rotate(vectors, turns):
    """Pairs (i, i + d/2) of vectors (batch, heads, time, d), turned by `turns`: cosines and sines, (time, d/2) each."""
    (first, second), (cosine, sine) = vectors.chunk(2, dim=-1), turns
    return torch.cat([first * cosine - second * sine, first * sine + second * cosine], dim=-1)


class SelfAttention(nn.Module):
    """Causal, with rotary positions; queries and keys get `rms_norm`. With a cache it reads one place."""

    def __init__(self, width, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.ask = nn.Linear(width, 3 * width, bias=False)  # queries, keys and values
        self.join = nn.Linear(width, width, bias=False)

    def forward(self, hidden, turns, cache=None, position=None):
        """(batch, time, width) → the same; the cache (2, batch, heads, room, d) gets keys and values of a position."""
        batch, time, width = hidden.shape
        heads = self.ask(hidden).view(batch, time, 3 * self.num_heads, width // self.num_heads).transpose(1, 2)
        asked, values = heads.split([2 * self.num_heads, self.num_heads], dim=1)
        queries, keys = rotate(rms_norm(asked), turns).chunk(2, dim=1)
        if cache is None:
            mixed = nn.functional.scaled_dot_product_attention(queries, keys, values, is_causal=True)
        else:
            keys, values = (kept.index_copy_(2, position, new) for kept, new in zip(cache, (keys, values)))
            visible = torch.arange(keys.shape[2])[None] <= position
            mixed = nn.functional.scaled_dot_product_attention(queries, keys, values, attn_mask=visible)
        return self.join(mixed.transpose(1, 2).reshape(batch, time, width))


class TransformerBlock(nn.Module):
    """Attention, then a small network with squared ReLU at every place; the norm stands before each."""

    def __init__(self, width, num_heads):
        super().__init__()
        self.attention = SelfAttention(width, num_heads)
        self.mlp_in = nn.Linear(width, 4 * width, bias=False)
        self.mlp_out = nn.Linear(4 * width, width, bias=False)

    def forward(self, hidden, *places):
        hidden = hidden + self.attention(rms_norm(hidden), *places)
        return hidden + self.mlp_out(torch.relu(self.mlp_in(rms_norm(hidden))).square())


class TransformerNetwork(nn.Module):
    """Embedding, blocks and logits; at first every block hands its input on, and all tokens are equally likely."""

    def __init__(self, num_tokens, num_layers, width, num_heads, context):
        super().__init__()
        self.room = (num_heads, context, width // num_heads)
        self.embedding = nn.Embedding(num_tokens, width)  # N(0, 1) at first, as ours
        self.blocks = nn.ModuleList(TransformerBlock(width, num_heads) for _ in range(num_layers))
        self.logits = nn.Linear(width, num_tokens, bias=False)
        self.apply(begin_as_keras)
        for last in (self.logits, *(part for block in self.blocks for part in (block.attention.join, block.mlp_out))):
            nn.init.zeros_(last.weight)
        pairs = width // num_heads // 2
        angles = torch.arange(context)[:, None] * 10_000.0 ** (-torch.arange(pairs) / pairs)
        self.register_buffer("turns", torch.stack([angles.cos(), angles.sin()]))

    def forward(self, tokens):
        """Logits (batch, time, tokens) of what comes after each of tokens (batch, time)."""
        hidden, turns = self.embedding(tokens), self.turns[:, :tokens.shape[1]]
        for block in self.blocks:
            hidden = block(hidden, turns)
        return self.logits(rms_norm(hidden))

    def step(self, tokens, position, caches):
        """The same for tokens (batch, 1) at one position (1,), after those that the caches hold."""
        hidden, turns = self.embedding(tokens), self.turns[:, position]
        for block, cache in zip(self.blocks, caches):
            hidden = block(hidden, turns, cache, position)
        return self.logits(rms_norm(hidden))

    def caches(self, batch):
        """Empty ones: keys and values for each block."""
        return torch.zeros(len(self.blocks), 2, batch, *self.room)


class Transformer(Program):
    """Chapter 5's language model: windows that begin anywhere, gradients clipped to norm 1."""

    def __init__(
        self, numbers, seed, batch_size, num_tokens, num_layers, width, num_heads, context, learning_rate,
        compiled=False,
    ):  # fmt: skip
        torch.manual_seed(seed)
        self.numbers, self.batch_size, self.places = torch.from_numpy(numbers).long(), batch_size, torch.arange(context)
        self.network = TransformerNetwork(num_tokens, num_layers, width, num_heads, context)
        self.networks = [self.network]
        self.optimizer = adam(self.network.parameters(), learning_rate)
        self.loss, self.next_logits = self.cross_entropy, self.network.step
        if compiled:
            self.loss = torch.compile(self.loss)
            self.next_logits = torch.compile(self.next_logits, dynamic=False)  # anew for each number of texts

    def cross_entropy(self, inputs, targets):
        return nn.functional.cross_entropy(self.network(inputs).flatten(0, 1), targets.flatten())

    def batch(self):
        """Inputs and targets (batch, context)."""
        places = torch.randint(len(self.numbers) - len(self.places), (self.batch_size, 1)) + self.places
        return self.numbers[places], self.numbers[places + 1]

    def step(self):
        self.optimizer.zero_grad()
        self.loss(*self.batch()).backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()

    def quality(self):
        """The loss of a batch."""
        with torch.no_grad():
            return float(self.loss(*self.batch()))

    def losses_with(self, weights, inputs, targets):
        """Losses of a batch when the network has these weights: read at once, and token by token with the cache."""
        inputs, targets = (torch.from_numpy(part).long() for part in (inputs, targets))
        with torch.no_grad():
            for weight, value in zip(self.network.parameters(), weights, strict=True):
                weight.copy_(torch.from_numpy(value))
            caches, places = self.network.caches(len(inputs)), self.places[:inputs.shape[1], None]
            steps = [self.next_logits(inputs[:, place], place, caches) for place in places]
            by_steps = nn.functional.cross_entropy(torch.cat(steps, dim=1).flatten(0, 1), targets.flatten())
            return [float(self.loss(inputs, targets)), float(by_steps)]

    def write(self, count, texts):
        """So many tokens of so many texts side by side, each drawn from the distribution after those before."""
        tokens, caches = [torch.zeros(texts, 1, dtype=torch.long)], self.network.caches(texts)
        with torch.no_grad():
            for at in range(count):
                logits = self.next_logits(tokens[-1], torch.tensor([at]), caches)
                tokens.append(torch.multinomial(torch.softmax(logits[:, 0], dim=-1), 1))
        return torch.cat(tokens[1:], dim=1).tolist()


class LSTMLayer:
    """`nn.LSTM` alone, forward and all gradients of Σ outputs · slopes + Σ last hidden · last cell states."""

    def __init__(self, inputs, hidden, cell, slopes, kernel, recurrent_kernel, bias):
        self.lstm = nn.LSTM(inputs.shape[-1], hidden.shape[-1], batch_first=True)
        self.inputs, self.hidden, self.cell, self.slopes = map(torch.from_numpy, (inputs, hidden, cell, slopes))
        weights = (kernel.T, recurrent_kernel.T, bias, np.zeros_like(bias))  # both have the gates in order i, f, g, o
        with torch.no_grad():
            for weight, value in zip(self.lstm.parameters(), weights):
                weight.copy_(torch.from_numpy(np.ascontiguousarray(value)))

    def gradients(self):
        """(outputs, [gradients of inputs, hidden, cell, kernel, recurrent kernel, bias])."""
        needed = [part.clone().requires_grad_() for part in (self.inputs, self.hidden, self.cell)]
        inputs, hidden, cell = needed
        outputs, (hidden, cell) = self.lstm(inputs, (hidden[None], cell[None]))
        objective = (outputs * self.slopes).sum() + (hidden * cell).sum()
        slopes = torch.autograd.grad(objective, [*needed, *self.lstm.parameters()])
        return outputs.detach(), slopes

    def results(self):
        """The same as NumPy arrays, with the kernels as Keras has them."""
        outputs, slopes = self.gradients()
        *others, kernel, recurrent_kernel, bias, _ = (slope.numpy() for slope in slopes)
        return [outputs.numpy(), *others, kernel.T, recurrent_kernel.T, bias]

    def train(self, steps):
        for _ in range(steps):
            self.gradients()


KINDS = {
    kind.__name__: kind
    for kind in (Products, VAE, GAN, Diffusion, Pix2Pix, CycleGAN, LSTM, LSTMLayer, Transformer)
}


def main():
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what is printed is no answer
    with tempfile.TemporaryDirectory() as folder:
        program = None
        while True:
            try:
                method, arguments = receive(sys.stdin)
            except EOFError:
                return
            if method in KINDS:
                program, answer = KINDS[method](**arguments), None
            else:
                answer = getattr(program, method)(**arguments)
            send(answers, answer, folder)


if __name__ == "__main__":
    main()
