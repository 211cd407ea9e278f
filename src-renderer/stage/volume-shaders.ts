/**
 * The volume renderer's shaders: the three feature planes, the small decoder and the march of EG3D on the user's GPU.
 * A coarse map of where anything is lets rays pass through emptiness without asking the decoder.
 */

/** Side of the lattice the density is looked at, and of the map made from it. */
export const LATTICE = 64
export const CELLS = 32
/** How slices of lattice and map are laid out in their pictures: columns x rows. */
export const LATTICE_TILES = [8, 8] as const
export const CELL_TILES = [8, 4] as const

export const fullscreenVertex = /* glsl */ `
in vec3 position;
out vec2 place;
void main() {
  place = position.xy;
  gl_Position = vec4(position.xy, 0.0, 1.0);
}`

/** @param groups channels / 4 */
const decoder = (groups: number, hidden: number) => /* glsl */ `
precision highp float;
precision highp int;
precision highp sampler2DArray;
uniform sampler2DArray planes;
uniform float resolution;
uniform vec3 rows[6];
uniform vec4 weight0[${hidden * groups}];
uniform float bias0[${hidden}];
uniform vec4 weight1[${hidden}];
uniform vec4 bias1;
uniform float box;

// log(1 + e^x) without overflow; to the base 2 because that is what hardware has.
float softplus(float x) {
  return max(x, 0.0) + log2(1.0 + exp2(-1.442695 * abs(x))) * 0.693147;
}

// Density and colour (before the sigmoid) at a world point. The planes have a border of zeros, one texel wide: there is
// nothing outside.
vec4 field(vec3 p) {
  vec4 features[${groups}];
  for (int g = 0; g < ${groups}; g++) features[g] = vec4(0.0);
  for (int plane = 0; plane < 3; plane++) {
    vec2 uv = vec2(dot(rows[2 * plane], p), dot(rows[2 * plane + 1], p));
    uv = ((uv + 1.0) * 0.5 * resolution + 1.0) / (resolution + 2.0);
    for (int g = 0; g < ${groups}; g++) features[g] += texture(planes, vec3(uv, float(plane * ${groups} + g)));
  }
  vec4 result = bias1;
  for (int j = 0; j < ${hidden}; j++) {
    float x = 0.0;
    for (int g = 0; g < ${groups}; g++) x += dot(features[g], weight0[j * ${groups} + g]);
    result += weight1[j] * softplus(x * (1.0 / 3.0) + bias0[j]);
  }
  return result;
}
`

/** Whether there is anything, at every point of the lattice. */
export const latticeFragment = (groups: number, hidden: number) => /* glsl */ `
${decoder(groups, hidden)}
out vec4 result;
void main() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  ivec2 tile = pixel / ${LATTICE};
  ivec3 at = ivec3(pixel - tile * ${LATTICE}, tile.y * ${LATTICE_TILES[0]} + tile.x);
  vec3 p = ((vec3(at) + 0.5) / ${LATTICE}.0 - 0.5) * box;
  result = vec4(softplus(field(p).x - 1.0) > 0.25 ? 1.0 : 0.0, 0.0, 0.0, 1.0);
}`

/** Whether there is anything in or next to each cell. */
export const cellFragment = /* glsl */ `
precision highp float;
precision highp int;
uniform sampler2D lattice;
out vec4 result;
void main() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  ivec2 tile = pixel / ${CELLS};
  ivec3 cell = ivec3(pixel - tile * ${CELLS}, tile.y * ${CELL_TILES[0]} + tile.x);
  float most = 0.0;
  for (int k = -1; k < 3; k++) for (int j = -1; j < 3; j++) for (int i = -1; i < 3; i++) {
    ivec3 at = clamp(cell * 2 + ivec3(i, j, k), 0, ${LATTICE - 1});
    ivec2 corner = ivec2(at.z % ${LATTICE_TILES[0]}, at.z / ${LATTICE_TILES[0]}) * ${LATTICE};
    most = max(most, texelFetch(lattice, corner + at.xy, 0).r);
  }
  result = vec4(most, 0.0, 0.0, 1.0);
}`

export const marchFragment = (groups: number, hidden: number) => /* glsl */ `
${decoder(groups, hidden)}
uniform sampler2D cells;
uniform mat4 cameraToWorld;
/** Half the picture's size at distance 1. */
uniform vec2 reach;
/** World units between samples. */
uniform float stride;
uniform bool depthOnly;
/** Depths shown lightest and darkest. */
uniform vec2 depths;
in vec2 place;
out vec4 result;

bool anything(ivec3 cell) {
  ivec2 corner = ivec2(cell.z % ${CELL_TILES[0]}, cell.z / ${CELL_TILES[0]}) * ${CELLS};
  return texelFetch(cells, corner + cell.xy, 0).r > 0.5;
}

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
  vec3 a = (-0.5 * box - origin) * inverse;
  vec3 b = (0.5 * box - origin) * inverse;
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
  for (int i = 0; i < 400 && t < far; i++) {
    vec3 p = origin + t * direction;
    vec3 place = (p / box + 0.5) * ${CELLS}.0;
    ivec3 cell = clamp(ivec3(place), 0, ${CELLS - 1});
    if (!anything(cell)) {
      // On to where the ray leaves the empty cell.
      vec3 wall = (vec3(cell) + step(0.0, direction)) * cellSide - 0.5 * box;
      vec3 exit = (wall - origin) * inverse;
      t = max(min(exit.x, min(exit.y, exit.z)) + 1e-4, t + 0.25 * stride);
      continue;
    }
    vec4 value = field(p);
    float alpha = 1.0 - exp(-softplus(value.x - 1.0) * stride);
    float weight = passing * alpha;
    colour += weight * (1.002 / (1.0 + exp(-value.yzw)) - 0.001);
    depth += weight * t;
    passing *= 1.0 - alpha;
    if (passing < 0.01) break;
    t += stride;
  }
  float opacity = 1.0 - passing;
  if (passing < 0.01) {
    colour /= opacity;
    depth /= opacity;
    opacity = 1.0;
  } else if (opacity > 0.0) depth /= opacity;
  if (depthOnly) colour = depthColour(clamp((depth - depths.x) / (depths.y - depths.x), 0.0, 1.0)) * opacity;
  result = vec4(colour, opacity);
}`

/** Enlarges a small rendering to the stage. */
export const copyFragment = /* glsl */ `
precision highp float;
uniform sampler2D picture;
in vec2 place;
out vec4 result;
void main() {
  result = texture(picture, place * 0.5 + 0.5);
}`
