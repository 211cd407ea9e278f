"""Records of synthetic heads, as the trainer reads them (README.md, "Records"): one .npz a head.

python3 render.py HEADS OUT FIRST COUNT [SIZE]

HEADS is the head model's folder, with sampler/ and data/; COUNT seeds from FIRST on are photographed SIZE (256) pixels
wide, those already in OUT left as they are. Seeds from 900000 on are for evaluation: they are photographed from where
`npm run bench -- generator` looks at them, 128 pixels wide is enough. Needs numpy, scipy, PIL and gcc (Debian's
python3). Several may run side by side on seeds of their own.
"""
import json
import os
import shutil
import sys

import numpy as np

SUPERSAMPLING = 3
FIRST_HELD_OUT_SEED = 900_000
HELD_OUT_YAWS = np.radians((0, 45, -45, 90, -90, 180))


def main(heads, out, first, count, size=256):
    # The rasteriser is compiled beside the sampler, and the head model's folder may be read-only.
    sampler = os.path.join(out, f'sampler-{os.getpid()}')
    shutil.copytree(os.path.join(heads, 'sampler'), sampler, copy_function=shutil.copyfile)
    sys.path.insert(0, sampler)
    import headgen

    shutil.rmtree(sampler)
    model = headgen.HeadModel(os.path.join(heads, 'data'))
    for seed in range(first, first + count):
        path = os.path.join(out, f'{seed:06d}.npz')
        if os.path.exists(path):
            continue
        record = photograph(headgen, model.sample(seed), cameras(seed, headgen.FOCAL), size)
        partial = f'{path}.partial'
        with open(partial, 'wb') as file:
            np.savez_compressed(file, **record)
        os.rename(partial, path)
        print(f'head {seed}', file=sys.stderr)


def photograph(headgen, head, cameras, size):
    pictures = [picture(headgen, head, *camera, size) for camera in cameras]
    rgb, depth, mask, label = (np.array(column) for column in zip(*pictures))
    return {'rgb': rgb, 'depth': depth, 'mask': mask, 'cam': label, 'ident': head.ident, 'meta': json.dumps(head.meta)}


def cameras(seed, focal):
    """
    Yaw and pitch (radians) and focal length: the front, three portraits around it, one from behind, and one that takes
    in more than a portrait does, from anywhere.
    """
    if seed >= FIRST_HELD_OUT_SEED:
        return [(yaw, 0, focal) for yaw in HELD_OUT_YAWS]
    rng = np.random.default_rng(10_000_000 + seed)
    around = [(np.clip(rng.normal(0, 0.55), -1.6, 1.6), np.clip(rng.normal(0, 0.2), -0.6, 0.6)) for _ in range(3)]
    behind = (np.pi + rng.uniform(-1.6, 1.6), np.clip(rng.normal(0, 0.2), -0.6, 0.6))
    anywhere = (rng.uniform(-np.pi, np.pi), np.clip(rng.normal(0.1, 0.3), -0.8, 0.8))
    portraits = [(0, 0), *around, behind]
    return [(yaw, pitch, focal) for yaw, pitch in portraits] + [(*anywhere, focal * rng.uniform(0.5, 0.8))]


def picture(headgen, head, yaw, pitch, focal, size):
    camera = headgen.lookat(yaw, pitch)
    rgb, depth, mask = head.render(camera, size, SUPERSAMPLING, focal)
    label = [*camera.reshape(-1), focal, 0, 0.5, 0, focal, 0.5, 0, 0, 1]
    return rgb, depth.astype(np.float16), (mask * 255).astype(np.uint8), np.array(label, np.float32)


if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2], *(int(value) for value in sys.argv[3:]))
