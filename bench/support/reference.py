"""The generator in PyTorch, to be measured beside ours: written from docs/eg3d.md as one writes it there, with autograd.

reference.py FOLDER WORK THREADS TIMES  reads FOLDER/case.safetensors (weights by state name, ws, label), writes the
picture or the gradient of ws to FOLDER/torch.f32, and prints JSON: seconds, CPU seconds (medians after one run that does
not count), the most memory it had, MiB.

Needs PyTorch (Debian's python3-torch).
"""
import json
import math
import os
import resource
import statistics
import struct
import sys
import time

import torch
import torch.nn.functional as F

# Sizes and settings of the published ffhq512-128.
RAYS, COARSE, FINE, START, END, BOX = 128, 48, 48, 2.25, 3.3, 1
RESOLUTIONS = (4, 8, 16, 32, 64, 128, 256)
SR_CLAMP = 256


def read(path):
    with open(path, 'rb') as file:
        data = bytearray(file.read())
    (size,) = struct.unpack_from('<Q', data)
    header = json.loads(data[8:8 + size])
    header.pop('__metadata__', None)
    tensors = {}
    for name, entry in header.items():
        count, offset = math.prod(entry['shape']), 8 + size + entry['data_offsets'][0]
        values = torch.frombuffer(data, dtype=torch.float32, count=count, offset=offset)
        tensors[name] = values.clone().reshape(entry['shape'])
    return tensors


def fir(x, pad):
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = torch.outer(taps, taps) / 16
    return F.conv2d(F.pad(x, pad), kernel.expand(x.shape[1], 1, 4, 4), groups=x.shape[1])


def upsample(image):
    n, c, h, w = image.shape
    spread = F.pad(image.reshape(n, c, h, 1, w, 1), (0, 1, 0, 0, 0, 1)).reshape(n, c, 2 * h, 2 * w)
    return fir(spread, (2, 1, 2, 1))


class Generator:
    def __init__(self, weights):
        self.weights = weights

    def styles(self, name, w):
        weight, bias = self.weights[f'{name}.affine.weight'], self.weights[f'{name}.affine.bias']
        return F.linear(w, weight / math.sqrt(weight.shape[1]), bias)

    def layer(self, name, x, w, up=False, noise=True, clamp=None):
        kernel = self.weights[f'{name}.weight'] * self.styles(name, w)[:, None, None]
        kernel = kernel * (kernel.square().sum((1, 2, 3), keepdim=True) + 1e-8).rsqrt()
        if up:
            x = fir(F.conv_transpose2d(x, kernel.transpose(0, 1), stride=2), (1, 1, 1, 1))
        else:
            x = F.conv2d(x, kernel, padding=1)
        if noise:
            x = x + self.weights[f'{name}.noise_const'] * self.weights[f'{name}.noise_strength']
        x = F.leaky_relu(x + self.weights[f'{name}.bias'][:, None, None], 0.2) * math.sqrt(2)
        return x.clamp(-clamp, clamp) if clamp else x

    def colours(self, name, x, w, clamp=None):
        weight = self.weights[f'{name}.weight']
        kernel = weight * (self.styles(name, w) / math.sqrt(weight.shape[1]))[:, None, None]
        y = F.conv2d(x, kernel, self.weights[f'{name}.bias'])
        return y.clamp(-clamp, clamp) if clamp else y

    def planes(self, ws):
        at, image = 0, None
        for resolution in RESOLUTIONS:
            block = f'backbone.synthesis.b{resolution}'
            if image is None:
                x = self.weights[f'{block}.const'][None]
            else:
                x = self.layer(f'{block}.conv0', x, ws[at], up=True)
                at += 1
            x = self.layer(f'{block}.conv1', x, ws[at])
            at += 1
            rgb = self.colours(f'{block}.torgb', x, ws[at])
            image = rgb if image is None else upsample(image) + rgb
        return image.reshape(3, 32, *image.shape[2:])

    def decode(self, planes, points):
        x, y, z = (points.reshape(-1, 3) * (2 / BOX)).unbind(1)
        # As the config has it: the published files' third plane is (z, x).
        grid = torch.stack([torch.stack(pair, 1) for pair in ((x, y), (x, z), (z, y))])[:, None]
        features = F.grid_sample(planes, grid, align_corners=False).mean(0)[:, 0].T
        for index in (0, 2):
            weight, bias = self.weights[f'decoder.net.{index}.weight'], self.weights[f'decoder.net.{index}.bias']
            features = F.linear(features, weight / math.sqrt(weight.shape[1]), bias)
            if index == 0:
                features = F.softplus(features)
        features = features.reshape(*points.shape[:2], -1)
        return features[..., 0], torch.sigmoid(features[..., 1:]) * 1.002 - 0.001

    def render(self, planes, label):
        origins, directions = cast_rays(label)
        at = lambda depths: origins[:, None] + depths[..., None] * directions[:, None]
        coarse = torch.linspace(START, END, COARSE).expand(RAYS * RAYS, COARSE)
        sigma, colour = self.decode(planes, at(coarse))
        with torch.no_grad():
            fine = importance_depths(coarse, shares(coarse, sigma))
        fine_sigma, fine_colour = self.decode(planes, at(fine))
        depths, order = torch.sort(torch.cat([coarse, fine], 1), 1)
        sigma = torch.gather(torch.cat([sigma, fine_sigma], 1), 1, order)
        colour = torch.cat([colour, fine_colour], 1)
        colour = torch.gather(colour, 1, order[..., None].expand_as(colour))
        weights = shares(depths, sigma)
        image = (weights[..., None] * middles(colour)).sum(1) * 2 - 1
        return image.T.reshape(1, -1, RAYS, RAYS)

    def enhance(self, features, w):
        x, image = features, features[:, :3]
        for block in ('superresolution.block0', 'superresolution.block1'):
            x = self.layer(f'{block}.conv0', x, w, up=True, noise=False, clamp=SR_CLAMP)
            x = self.layer(f'{block}.conv1', x, w, noise=False, clamp=SR_CLAMP)
            image = upsample(image) + self.colours(f'{block}.torgb', x, w, clamp=SR_CLAMP)
        return image

    def view(self, ws, label):
        features = self.render(self.planes(ws), label)
        return self.enhance(features, ws[-1]), features[:, :3]


def cast_rays(label):
    pose, k = label[:16].reshape(4, 4), label[16:].reshape(3, 3)
    steps = (torch.arange(RAYS) + 0.5) / RAYS
    v, u = torch.meshgrid(steps, steps, indexing='ij')
    y = (v - k[1, 2]) / k[1, 1]
    x = (u - k[0, 2] + (k[1, 2] - v) * k[0, 1] / k[1, 1]) / k[0, 0]
    directions = F.normalize(torch.stack([x, y, torch.ones_like(x)], -1).reshape(-1, 3) @ pose[:3, :3].T, dim=1)
    return pose[:3, 3].expand_as(directions), directions


def middles(values):
    return (values[:, 1:] + values[:, :-1]) / 2


def shares(depths, sigma):
    """What each interval gives of a ray's light."""
    alpha = 1 - torch.exp(-F.softplus(middles(sigma) - 1) * (depths[:, 1:] - depths[:, :-1]))
    through = torch.cumprod(1 - alpha + 1e-10, 1)
    return alpha * F.pad(through, (1, 0), value=1)[:, :-1]


def importance_depths(depths, weights):
    peaks = F.max_pool1d(weights[:, None], 2, 1, padding=1)
    smooth = F.avg_pool1d(peaks, 2, 1)[:, 0] + 0.01
    pdf = smooth[:, 1:-1] + 1e-5
    cdf = F.pad(torch.cumsum(pdf / pdf.sum(1, keepdim=True), 1), (1, 0))
    u = torch.linspace(0, 1, FINE).expand(len(cdf), FINE).contiguous()
    index = torch.searchsorted(cdf, u, right=True)
    low, high = (index - 1).clamp(min=0), index.clamp(max=cdf.shape[1] - 1)
    bins = middles(depths)
    take = lambda values, index: torch.gather(values, 1, index)
    width = take(cdf, high) - take(cdf, low)
    width = torch.where(width < 1e-5, torch.ones_like(width), width)
    share = (u - take(cdf, low)) / width
    return take(bins, low) + share * (take(bins, high) - take(bins, low))


def main(folder, work, threads, times):
    torch.set_num_threads(int(threads))
    tensors = read(os.path.join(folder, 'case.safetensors'))
    ws, label = tensors.pop('ws'), tensors.pop('label')
    generator = Generator(tensors)
    if work != 'forward':
        ws.requires_grad_()
    if work == 'all weights':
        label.requires_grad_()
        for name, values in tensors.items():
            values.requires_grad_(not name.endswith(('noise_const', 'resample_filter', 'w_avg')))

    def once():
        if work == 'forward':
            with torch.no_grad():
                return generator.view(ws, label)[0]
        for values in (ws, label, *tensors.values()):
            values.grad = None
        image, raw = generator.view(ws, label)
        (image.mean() + raw.mean()).backward()
        return ws.grad

    costs = []
    for _ in range(1 + int(times)):
        wall, cpu = time.perf_counter(), time.process_time()
        result = once()
        costs.append((time.perf_counter() - wall, time.process_time() - cpu))
    result.detach().numpy().tofile(os.path.join(folder, 'torch.f32'))
    wall, cpu = (statistics.median(column) for column in zip(*costs[1:]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({'cpu': cpu, 'wall': wall, 'peak_rss': peak, 'version': torch.__version__}))


main(*sys.argv[1:])
