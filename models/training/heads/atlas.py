"""The skin's texture atlas: what every texel shows of the base mesh, and where lips, cheeks, beard and scalp are.

Of the atlas's texels about half show skin. They are called covered; every map here is a row of the covered ones, [n] in
row order, because all that is painted is painted on them alone.
"""
from __future__ import annotations

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.spatial import cKDTree

from .arrays import Bytes, Flags, Floats, Ints, smoothstep
from .pack import Pack
from .raster import Mesh, Texture, Visible

HEAD, SHOULDERS = 0, 1
HIDDEN_ISLAND = 9


class Atlas:
    """Positions are those at rest, decimetres; masks are float32, 0..1."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.shape = (pack.atlas_height, pack.atlas_width)
        seen = self._unwrap()
        self.covered: Flags = seen.triangle >= 0
        triangle = seen.triangle[self.covered]
        self._corners = pack.triangles[triangle]
        second = seen.weights[self.covered]
        self._weights = np.column_stack([1 - second.sum(1), second])
        self._nearest: Ints = np.ravel_multi_index(
            distance_transform_edt(~self.covered, return_distances=False, return_indices=True)[:, ~self.covered],
            self.shape,
        )
        self.island: Ints = pack.islands[triangle]
        self.position = self.from_vertices(pack.rest)
        self.vertex_texel = self._vertex_texels()
        self._masks()
        self._hairline()
        self._scalps: dict[str, Floats] = {}

    def from_vertices(self, values: Floats) -> Floats:
        """Interpolates a number or vector of every drawn vertex to the covered texels, float32."""
        a, b, c = self._corners.T
        wa, wb, wc = self._weights.T if values.ndim == 1 else self._weights.T[:, :, None]
        return np.asarray(values[a] * wa + values[b] * wb + values[c] * wc, np.float32)

    def picture(self, colours: Bytes) -> Bytes:
        """RGBA [height, width, 4] of the covered texels' colours [n, 3]; the gaps are filled from the nearest texel."""
        picture = np.full((*self.shape, 4), 255, np.uint8)
        picture[self.covered, :3] = colours
        picture[~self.covered] = picture.reshape(-1, 4)[self._nearest]
        return picture

    def at_vertices(self, mask: Floats) -> Floats:
        """A mask's value at every drawn vertex, float64."""
        full = np.zeros(self.shape, np.float32)
        full[self.covered] = mask
        return full.reshape(-1)[self.vertex_texel].astype(np.float64)

    def scalp(self, style: str) -> Floats:
        """How far each drawn vertex is coloured like hair, 0..1: where the style's mesh lies close to the head."""
        if style not in self._scalps:
            extra = style in self.pack.extras['hair']
            self._scalps[style] = self._scalp_under_opaque(style) if extra else self._scalp_under_mesh(style)
        return self._scalps[style]

    def _unwrap(self) -> Visible:
        pack = self.pack
        height, width = self.shape
        corners = pack.uv.reshape(-1, 2)
        screen = np.zeros((len(corners), 4), np.float32)
        screen[:, 0] = corners[:, 0] * width
        screen[:, 1] = (1 - corners[:, 1]) * height
        screen[:, 3] = 1
        screen.reshape(-1, 3, 4)[pack.islands >= HIDDEN_ISLAND] = -100
        count = len(pack.triangles)
        plain = Texture(np.zeros((2, 2, 4), np.uint8), False)
        mesh = Mesh(np.arange(count * 3).reshape(-1, 3), pack.uv, np.zeros(count, int), np.zeros(count), [plain])
        return mesh.rasterise(screen, width, height, False, False)

    def _vertex_texels(self) -> Ints:
        height, width = self.shape
        corners = self.pack.uv.reshape(-1, 2)
        column = np.clip((corners[:, 0] * width).astype(int), 0, width - 1)
        row = np.clip(((1 - corners[:, 1]) * height).astype(int), 0, height - 1)
        texel = np.zeros(len(self.pack.rest), int)
        texel[self.pack.triangles.ravel()] = row * width + column
        return texel

    def _moved_by(self, target: str) -> Floats:
        """How far a target moves each base vertex, 1 being the one moved most; float64 [5480]."""
        displacement = self.pack.targets[self.pack.target_index[target]].reshape(-1, 3)
        moved = np.linalg.norm(displacement, axis=1).astype(np.float64)
        share: Floats = moved / moved.max()
        return share

    def _masks(self) -> None:
        x, y, z = np.abs(self.position[:, 0]), self.position[:, 1], self.position[:, 2]
        head = self.island == HEAD

        def blob(cx: float, cy: float, cz: float, radius: float) -> Floats:
            near: Floats = np.exp(-(((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) / radius**2))
            return near

        lips = [self._moved_by(f'mouth/mouth-{lip}lip-volume-incr') for lip in ('upper', 'lower')]
        full_lips = self.from_vertices(self.pack.subdivision @ np.maximum(*lips))
        self.lips = (np.clip(full_lips * 1.5, 0, 1) * head).astype(np.float32)
        # Cheeks, nose tip, ears.
        self.blush = (blob(0.42, 6.85, 1.3, 0.22) + 0.7 * blob(0, 6.95, 1.68, 0.14) + 0.6 * blob(0.72, 6.9, 0.7, 0.2)) * head
        beside = 0.25 * smoothstep(x, 0.45, 0.75)
        jaw = smoothstep(z, 0.45, 0.75) * (1 - smoothstep(y, 6.55 + beside, 6.9 + beside)) * smoothstep(y, 6.0, 6.25)
        nostrils = blob(0, 6.88, 1.6, 0.13)
        self.beard = np.clip(jaw * (1 - self.lips * 1.2), 0, 1) * head * (1 - nostrils)
        upper_lip = smoothstep(6.83 - y, 0, 0.08) * smoothstep(y, 6.58, 6.70) * (1 - smoothstep(x, 0.18, 0.36))
        self.moustache = 0.85 * np.clip(upper_lip * smoothstep(z, 1.3, 1.4) * (1 - self.lips), 0, 1) * head
        chin = smoothstep(6.55 - y, 0, 0.1) * (1 - smoothstep(x, 0.15, 0.3)) * smoothstep(z, 1.1, 1.3)
        self.chin = np.clip(chin * smoothstep(y, 6.05, 6.2) * (1 - self.lips), 0, 1) * head
        self.face = head & (y < 7.6) & (y > 6.3) & (z > 0.9) & (self.lips < 0.05)

    def _hairline(self) -> None:
        """cropped [18764]: the scalp above the hairline, without the ears. `_region`: where a style may colour it."""
        x, y, z = np.abs(self.pack.rest[:, 0]), self.pack.rest[:, 1], self.pack.rest[:, 2]
        ears = self.pack.subdivision @ np.maximum(*(self._moved_by(f'ears/{side}-ear-scale-incr') for side in 'lr'))
        no_ear = 1 - smoothstep(ears, 0.3, 0.5)
        line = 7.78 - 0.35 * smoothstep(x, 0.3, 0.75) - 1.2 * smoothstep(0.55 - z, 0, 0.55)
        beside = 1 - smoothstep(x, 0.84, 0.9) * (y < 7.2)
        self.cropped = smoothstep(y, line - 0.05, line + 0.12) * beside * no_ear
        self._region = no_ear * smoothstep(y, line - 0.12 - 0.06, line - 0.12 + 0.1)

    def _scalp_under_mesh(self, style: str) -> Floats:
        proxy = self.pack.proxies[f'hair_{style}']
        vertices = proxy.fit(self.pack.base)
        corners = vertices[proxy.triangles]
        inside = np.random.default_rng(0).dirichlet([1, 1, 1], (6, len(corners)))
        points = np.concatenate([vertices] + [(corners * w[:, :, None]).sum(1) for w in inside])
        coloured: Floats = self._close_to(points) * self._region
        return coloured

    def _scalp_under_opaque(self, style: str) -> Floats:
        """The same for styles whose cards are transparent in places."""
        proxy, alpha = self.pack.proxies[f'hair_{style}'], self.pack.picture(f'hair_{style}')[..., 3]
        corners = proxy.fit(self.pack.base)[proxy.triangles]
        height, width = alpha.shape
        points = []
        for w in np.concatenate([np.eye(3), np.random.default_rng(0).dirichlet([1, 1, 1], 6)]):
            uv = np.einsum('tkc,k->tc', proxy.uv, w)
            column = np.clip((uv[:, 0] * width).astype(int), 0, width - 1)
            row = np.clip(((1 - uv[:, 1]) * height).astype(int), 0, height - 1)
            points.append(np.einsum('tkc,k->tc', corners, w)[alpha[row, column] >= 128])
        coloured: Floats = self._close_to(np.concatenate(points)) * self.cropped
        return coloured

    def _close_to(self, points: Floats) -> Floats:
        distance, _ = cKDTree(points).query(self.pack.rest)
        height = self.pack.rest[:, 1]
        near: Floats = (1 - smoothstep(distance, 0.015, 0.085)) * smoothstep(height, 6.5, 7.0)
        return near
