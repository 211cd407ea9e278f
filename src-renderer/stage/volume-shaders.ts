/**
 * The volume renderer's shaders: the feature planes, the small decoder and the march of EG3D on the user's GPU.
 *
 * First the density is looked at in the middle of coarse cells; only where there is something, the decoder is asked
 * again, for a lattice of densities and colours. While the head moves, rays march through that lattice: one texture
 * access a sample, fluent even without a GPU. At rest they march through planes and decoder themselves.
 *
 * Density and colour may come from different planes: `shape` and `planes`.
 */
import type { PlaneLayout } from '../../src-main/engine/generator/plane-layout.ts'
import { groupsOf, textureLayer } from '../../src-main/engine/generator/plane-texture.ts'

/** Cells along a side, and how their slices are laid out in one picture: columns x rows. */
export const CELLS = 32
export const CELL_TILES = [8, 4] as const
/** Points of the lattice along a side. */
export const LATTICE = 96
/** Below this density there is nothing to see within a cell. */
const EMPTY = 0.25
/** A sample that takes less of the light than this shows no colour: it is not asked for. */
const LEAST_ALPHA = 5e-4
export const fullscreenVertex = /* glsl */ `
in vec3 position;
out vec2 place;
void main() {
  place = position.xy;
  gl_Position = vec4(position.xy, 0.0, 1.0);
}`

/** The decoder's numbers, written into the shader: as constants they cost no access. */
interface DecoderNumbers {
  /** [hidden][channels] */
  weight0: ArrayLike<number>
  bias0: ArrayLike<number>
  /** [4][hidden] */
  weight1: ArrayLike<number>
  bias1: ArrayLike<number>
}

const vec4 = (values: readonly number[]) => `vec4(${values.map((x) => x.toExponential(5)).join(',')})`

/** Unrolled: no loop, no array. */
function network({ weight0, bias0, weight1, bias1 }: DecoderNumbers, channels: number): string {
  const hidden = bias0.length
  const rows = Array.from({ length: hidden }, (_, j) => {
    const sum = Array.from({ length: channels / 4 }, (_, g) => {
      const at = j * channels + 4 * g
      return `dot(f${g}, ${vec4([0, 1, 2, 3].map((k) => weight0[at + k]))})`
    })
    const out = vec4([0, 1, 2, 3].map((output) => weight1[output * hidden + j]))
    return `  result += ${out} * softplus(${sum.join(' + ')} + ${bias0[j].toExponential(5)});`
  })
  return `  vec4 result = ${vec4([0, 1, 2, 3].map((k) => bias1[k]))};\n${rows.join('\n')}`
}

/** How the planes lie in their texture (plane-texture.ts). */
type PlaneTexture = Pick<PlaneLayout, 'channels' | 'layers'>

/** What a plane has at a point, of four channels: the texture there or, of several layers, between the two nearest. */
function planeSample(texture: PlaneTexture, plane: number, group: number): string {
  const name = 'abc'[plane]
  const first = textureLayer(texture, plane, group)
  const at = (index: string) => `texture(from, vec3(${name}, ${index}))`
  if (texture.layers[plane] === 1) return at(`${first}.0`)
  const step = groupsOf(texture)
  const index = `${first}.0 + ${name}n.x * ${step}.0`
  return `mix(${at(index)}, ${at(`${index} + ${step}.0`)}, ${name}n.y)`
}

/** Where a point lies along the normals of the planes that have several layers. */
function alongNormals({ layers }: PlaneTexture): string {
  return layers
    .map((count, plane) =>
      count > 1 ? `  vec2 ${'abc'[plane]}n = between(rows[${3 * plane + 2}], ${count}.0, p);\n` : '',
    )
    .join('')
}

const decoder = (numbers: DecoderNumbers, texture: PlaneTexture) => /* glsl */ `
precision highp float;
precision highp int;
precision highp sampler2DArray;
uniform sampler2DArray planes;
uniform float resolution;
uniform sampler2DArray shape;
uniform float shapeResolution;
uniform vec3 rows[9];
uniform float box;

// log(1 + e^x) without overflow; to the base 2 because that is what hardware has.
float softplus(float x) {
  return max(x, 0.0) + log2(1.0 + exp2(-1.442695 * abs(x))) * 0.693147;
}

// Where a point falls on a plane. The planes have a border of zeros, one texel wide: there is nothing outside.
vec2 onPlane(vec3 u, vec3 v, vec3 p, float size) {
  return ((vec2(dot(u, p), dot(v, p)) + 1.0) * 0.5 * size + 1.0) / (size + 2.0);
}

// Along a plane's normal: the layer below a point, and how far the point is on the way to the next one.
vec2 between(vec3 n, float layers, vec3 p) {
  float held = clamp(((dot(n, p) + 1.0) * layers - 1.0) * 0.5, 0.0, layers - 1.0);
  float below = min(floor(held), layers - 2.0);
  return vec2(below, held - below);
}

// Density and colour (before the sigmoid) that planes of some size give at a world point.
vec4 field(sampler2DArray from, float size, vec3 p) {
  vec2 a = onPlane(rows[0], rows[1], p, size);
  vec2 b = onPlane(rows[3], rows[4], p, size);
  vec2 c = onPlane(rows[6], rows[7], p, size);
${alongNormals(texture)}${Array.from({ length: groupsOf(texture) }, (_, group) => {
  const sum = [0, 1, 2].map((plane) => planeSample(texture, plane, group)).join(' + ')
  return `  vec4 f${group} = (${sum}) * (1.0 / 3.0);`
}).join('\n')}
${network(numbers, texture.channels)}
  return result;
}

float density(vec3 p) {
  return softplus(field(shape, shapeResolution, p).x - 1.0);
}

vec3 colourAt(vec3 p) {
  return 1.002 / (1.0 + exp(-field(planes, resolution, p).yzw)) - 0.001;
}
`

/** The cell a pixel of the cells' picture stands for. */
const cellOfPixel = /* glsl */ `
ivec3 cellOfPixel() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  ivec2 tile = pixel / ${CELLS};
  return ivec3(pixel - tile * ${CELLS}, tile.y * ${CELL_TILES[0]} + tile.x);
}
`

const anything = /* glsl */ `
uniform sampler2D cells;
bool anything(ivec3 cell) {
  ivec2 corner = ivec2(cell.z % ${CELL_TILES[0]}, cell.z / ${CELL_TILES[0]}) * ${CELLS};
  return texelFetch(cells, corner + cell.xy, 0).r > 0.5;
}
`

/** Whether there is anything of a head in the middle of each cell. */
export const probeFragment = (numbers: DecoderNumbers, texture: PlaneTexture) => /* glsl */ `
${decoder(numbers, texture)}
${cellOfPixel}
out vec4 result;
void main() {
  vec3 p = ((vec3(cellOfPixel()) + 0.5) / ${CELLS}.0 - 0.5) * box;
  bool any = density(p) > ${EMPTY};
  result = vec4(any ? 1.0 : 0.0, 0.0, 0.0, 1.0);
}`

/** Whether there is anything in each cell or next to it. */
export const spreadFragment = /* glsl */ `
precision highp float;
precision highp int;
${anything}
${cellOfPixel}
out vec4 result;
void main() {
  ivec3 cell = cellOfPixel();
  bool any = false;
  for (int k = -1; k < 2; k++) for (int j = -1; j < 2; j++) for (int i = -1; i < 2; i++) {
    any = any || anything(clamp(cell + ivec3(i, j, k), 0, ${CELLS - 1}));
  }
  result = vec4(any ? 1.0 : 0.0, 0.0, 0.0, 1.0);
}`

/** One slice of the lattice: colour, and in alpha what a layer as thick as the lattice is fine takes of the light. */
export const latticeFragment = (numbers: DecoderNumbers, texture: PlaneTexture) => /* glsl */ `
${decoder(numbers, texture)}
${anything}
uniform int slice;
out vec4 result;
void main() {
  vec3 place = vec3(gl_FragCoord.xy, float(slice) + 0.5) / ${LATTICE}.0;
  result = vec4(0.0);
  if (!anything(ivec3(place * ${CELLS}.0))) return;
  vec3 p = (place - 0.5) * box;
  result = vec4(colourAt(p), 1.0 - exp(-density(p) * box / ${LATTICE}.0));
}`

const march = (sample: string) => /* glsl */ `
${anything}
uniform mat4 cameraToWorld;
// Half the picture's size at distance 1.
uniform vec2 reach;
// World units between samples.
uniform float stride;
uniform bool depthOnly;
// Depths shown lightest and darkest.
uniform vec2 depths;
// Corners of what is drawn.
uniform vec3 lowest;
uniform vec3 highest;
in vec2 place;
out vec4 result;

// Near is warm and light, far is cool and dark.
vec3 depthColour(float x) {
  vec3 near = vec3(0.98, 0.91, 0.78);
  vec3 middle = vec3(0.80, 0.42, 0.32);
  vec3 far = vec3(0.17, 0.15, 0.33);
  return x < 0.5 ? mix(near, middle, x * 2.0) : mix(middle, far, x * 2.0 - 1.0);
}

void main() {
  vec3 origin = cameraToWorld[3].xyz;
  vec3 direction = normalize(mat3(cameraToWorld) * vec3(place * reach, -1.0));
  vec3 inverse = 1.0 / direction;
  vec3 a = (lowest - origin) * inverse;
  vec3 b = (highest - origin) * inverse;
  vec3 low = min(a, b);
  vec3 high = max(a, b);
  float near = max(max(low.x, low.y), max(low.z, 0.0));
  float far = min(high.x, min(high.y, high.z));

  vec3 colour = vec3(0.0);
  float depth = 0.0;
  float passing = 1.0;
  // Neighbouring rays start at different depths, so that layers do not show.
  float t = near + stride * fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715))));
  float cellSide = box / ${CELLS}.0;
  for (int i = 0; i < 400; i++) {
    if (t >= far) break;
    vec3 p = origin + t * direction;
    ivec3 cell = clamp(ivec3((p / box + 0.5) * ${CELLS}.0), 0, ${CELLS - 1});
    if (!anything(cell)) {
      // On to where the ray leaves the empty cell.
      vec3 wall = (vec3(cell) + step(0.0, direction)) * cellSide - 0.5 * box;
      vec3 leave = (wall - origin) * inverse;
      t = max(min(leave.x, min(leave.y, leave.z)) + 1e-4, t + 0.25 * stride);
      continue;
    }
    vec4 seen;
${sample}
    float weight = passing * seen.a;
    colour += weight * seen.rgb;
    depth += weight * t;
    passing *= 1.0 - seen.a;
    if (passing < 0.01) break;
    t += stride;
  }
  float opacity = 1.0 - passing;
  if (opacity > 0.0) depth /= opacity;
  if (passing < 0.01) {
    colour /= opacity;
    opacity = 1.0;
  }
  if (depthOnly) colour = depthColour(clamp((depth - depths.x) / (depths.y - depths.x), 0.0, 1.0)) * opacity;
  result = vec4(colour, opacity);
}`

/** Through planes and decoder. */
export const exactFragment = (numbers: DecoderNumbers, texture: PlaneTexture) => /* glsl */ `
${decoder(numbers, texture)}
${march(`
    float alpha = 1.0 - exp(-density(p) * stride);
    seen = vec4(alpha > ${LEAST_ALPHA} ? colourAt(p) : vec3(0.0), alpha);
`)}`

/** Through the lattice. */
export const latticeMarchFragment = /* glsl */ `
precision highp float;
precision highp int;
precision highp sampler3D;
uniform sampler3D lattice;
uniform float box;
${march(`
    seen = texture(lattice, p / box + 0.5);
    seen.a = 1.0 - pow(1.0 - seen.a, stride * ${LATTICE}.0 / box);
`)}`

/** Enlarges a small rendering to the stage. */
export const copyFragment = /* glsl */ `
precision highp float;
uniform sampler2D picture;
in vec2 place;
out vec4 result;
void main() {
  result = texture(picture, place * 0.5 + 0.5);
}`

/**
 * The engine's picture within the exact one's outline: at edges, where it is half background, and beyond its square the
 * exact one stays.
 */
export const refinedFragment = /* glsl */ `
precision highp float;
uniform sampler2D picture;
uniform sampler2D finer;
// Width of the stage in its heights.
uniform float aspect;
in vec2 place;
out vec4 result;
void main() {
  vec4 exact = texture(picture, place * 0.5 + 0.5);
  vec2 at = vec2(place.x * aspect, place.y);
  vec4 fine = texture(finer, at * 0.5 + 0.5);
  vec2 inside = smoothstep(1.0, 0.94, abs(at));
  float share = inside.x * inside.y * smoothstep(0.9, 1.0, fine.a);
  result = vec4(mix(exact.rgb, fine.rgb * exact.a, share), exact.a);
}`
