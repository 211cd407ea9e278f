// A z-buffer rasteriser of textured triangles, its shading, and two sums over depth maps. raster.py builds and calls it.
//
// Arrays are row-major and belong to the caller. Screen positions are pixels from the top left corner; a pixel's centre
// is at +0.5. Depth grows away from the viewer.
#include <math.h>
#include <stdint.h>

// 8-bit sRGB and alpha, row 0 at the top (v = 1). With `tested`, what is transparent is left out.
typedef struct {
  const uint8_t *pixels;
  int32_t width, height, tested;
} Texture;

static inline int clamp(int i, int length) { return i < 0 ? 0 : i >= length ? length - 1 : i; }

// Where (u, v) lies between four texels, and how far to the second of each axis.
typedef struct {
  const uint8_t *corner[4];
  float x, y;
} Footprint;

static inline Footprint footprint(const Texture *t, float u, float v) {
  float x = u * t->width - 0.5f, y = (1.f - v) * t->height - 0.5f;
  int left = (int)floorf(x), top = (int)floorf(y);
  int x0 = clamp(left, t->width), x1 = clamp(left + 1, t->width);
  int y0 = clamp(top, t->height), y1 = clamp(top + 1, t->height);
  const uint8_t *p = t->pixels;
  int w = t->width;
  return (Footprint){{p + 4 * (y0 * w + x0), p + 4 * (y0 * w + x1), p + 4 * (y1 * w + x0), p + 4 * (y1 * w + x1)},
                     x - left, y - top};
}

// Bilinear, 0..1.
static inline float sample_alpha(const Texture *t, float u, float v) {
  Footprint f = footprint(t, u, v);
  float a = f.corner[0][3], b = f.corner[1][3], c = f.corner[2][3], d = f.corner[3][3];
  return ((a * (1 - f.x) + b * f.x) * (1 - f.y) + (c * (1 - f.x) + d * f.x) * f.y) * (1.f / 255.f);
}

static inline void sample_colour(const Texture *t, float u, float v, float *out) {
  Footprint f = footprint(t, u, v);
  const uint8_t *a = f.corner[0], *b = f.corner[1], *c = f.corner[2], *d = f.corner[3];
  float wa = (1 - f.x) * (1 - f.y), wb = f.x * (1 - f.y), wc = (1 - f.x) * f.y, wd = f.x * f.y;
  for (int k = 0; k < 3; k++) out[k] = (a[k] * wa + b[k] * wb + c[k] * wc + d[k] * wd) * (1.f / 255.f);
}

// A random number 0..1 that belongs to a texel.
static inline float hash(int x, int y) {
  uint32_t h = (uint32_t)x * 374761393u + (uint32_t)y * 668265263u;
  h = (h ^ (h >> 13)) * 1274126177u;
  h ^= h >> 16;
  return (h & 0xffffff) / 16777216.f;
}

// The nearest triangle of every pixel.
//
// screen [n, 4]: x, y, depth, 1 / depth; the last is read in perspective only, where it makes the interpolation right.
// triangles [count, 3], uv [count, 6], texture_of [count]. bias [count] brings triangles nearer than they are (NULL: 0).
// dithered: transparency is compared with a random threshold of the texel (hair thins out) instead of one half.
// Writes triangle [height, width] (-1: none), weights [height, width, 2] of the second and third corner, depth (1e30).
// triangle and weights may be NULL.
void rasterise(int count, const float *screen, const int32_t *triangles, const float *uv, const int32_t *texture_of,
               const float *bias, const Texture *textures, int width, int height, int perspective, int dithered,
               int32_t *triangle, float *weights, float *depth) {
  for (int i = 0; i < width * height; i++) depth[i] = 1e30f;
  if (triangle)
    for (int i = 0; i < width * height; i++) triangle[i] = -1;
  for (int t = 0; t < count; t++) {
    const float *A = screen + 4 * triangles[3 * t], *B = screen + 4 * triangles[3 * t + 1],
                *C = screen + 4 * triangles[3 * t + 2];
    if (perspective && (A[3] <= 0 || B[3] <= 0 || C[3] <= 0)) continue;
    float left = fminf(A[0], fminf(B[0], C[0])), right = fmaxf(A[0], fmaxf(B[0], C[0]));
    float top = fminf(A[1], fminf(B[1], C[1])), bottom = fmaxf(A[1], fmaxf(B[1], C[1]));
    int x0 = (int)ceilf(left - 0.5f), x1 = (int)floorf(right - 0.5f);
    int y0 = (int)ceilf(top - 0.5f), y1 = (int)floorf(bottom - 0.5f);
    if (x0 < 0) x0 = 0;
    if (y0 < 0) y0 = 0;
    if (x1 >= width) x1 = width - 1;
    if (y1 >= height) y1 = height - 1;
    if (x0 > x1 || y0 > y1) continue;
    float area = (B[0] - A[0]) * (C[1] - A[1]) - (B[1] - A[1]) * (C[0] - A[0]);
    if (fabsf(area) < 1e-12f) continue;
    float per_area = 1.f / area;
    const Texture *texture = textures + texture_of[t];
    const float *q = uv + 6 * t;
    float nearer = bias ? bias[t] : 0.f;
    for (int y = y0; y <= y1; y++) {
      float py = y + 0.5f;
      for (int x = x0; x <= x1; x++) {
        float px = x + 0.5f;
        float w1 = ((px - A[0]) * (C[1] - A[1]) - (py - A[1]) * (C[0] - A[0])) * per_area;
        float w2 = ((B[0] - A[0]) * (py - A[1]) - (B[1] - A[1]) * (px - A[0])) * per_area;
        float w0 = 1.f - w1 - w2;
        if (w0 < -1e-6f || w1 < -1e-6f || w2 < -1e-6f) continue;
        float z;
        if (perspective) {
          z = 1.f / (w0 * A[3] + w1 * B[3] + w2 * C[3]);
          w1 = w1 * B[3] * z;
          w2 = w2 * C[3] * z;
          w0 = 1.f - w1 - w2;
        } else {
          z = w0 * A[2] + w1 * B[2] + w2 * C[2];
        }
        int pixel = y * width + x;
        float biased = z - nearer;
        if (biased >= depth[pixel]) continue;
        if (texture->tested) {
          float u = w0 * q[0] + w1 * q[2] + w2 * q[4], v = w0 * q[1] + w1 * q[3] + w2 * q[5];
          float threshold = 0.5f;
          if (dithered)
            threshold = 0.28f + 0.5f * hash((int)floorf(u * texture->width),
                                            (int)floorf(v * texture->height) + 7919 * texture_of[t]);
          if (sample_alpha(texture, u, v) < threshold) continue;
        }
        depth[pixel] = biased;
        if (triangle) {
          triangle[pixel] = t;
          weights[2 * pixel] = w1;
          weights[2 * pixel + 1] = w2;
        }
      }
    }
  }
}

static void linear_light_table(float table[256]) {
  for (int i = 0; i < 256; i++) {
    float c = i / 255.f;
    table[i] = c <= 0.04045f ? c / 12.92f : powf((c + 0.055f) / 1.055f, 2.4f);
  }
}

static inline float linear_light(const float table[256], float srgb) {
  if (srgb <= 0) return 0;
  if (srgb >= 1) return 1;
  float x = srgb * 255.f;
  int i = (int)x;
  float f = x - i;
  return i >= 255 ? 1.f : table[i] * (1 - f) + table[i + 1] * f;
}

// Radiance (linear RGB [n, 3]) of n points on triangles: albedo times irradiance [vertices, 3]; 0 where there is none.
void shade(int n, const int32_t *triangle, const float *weights, const int32_t *triangles, const float *uv,
           const int32_t *texture_of, const Texture *textures, const float *irradiance, float *radiance) {
  float table[256];
  linear_light_table(table);
  for (int i = 0; i < n; i++) {
    int t = triangle[i];
    float *out = radiance + 3 * i;
    if (t < 0) {
      out[0] = out[1] = out[2] = 0;
      continue;
    }
    float w1 = weights[2 * i], w2 = weights[2 * i + 1], w0 = 1 - w1 - w2, colour[3];
    const float *q = uv + 6 * t;
    sample_colour(textures + texture_of[t], w0 * q[0] + w1 * q[2] + w2 * q[4], w0 * q[1] + w1 * q[3] + w2 * q[5], colour);
    const float *a = irradiance + 3 * triangles[3 * t], *b = irradiance + 3 * triangles[3 * t + 1],
                *c = irradiance + 3 * triangles[3 * t + 2];
    for (int k = 0; k < 3; k++) out[k] = linear_light(table, colour[k]) * (w0 * a[k] + w1 * b[k] + w2 * c[k]);
  }
}

// A vector [vertices, 3] of the corners, interpolated to n points on triangles: out [n, 3], 0 where there is no triangle.
void interpolate(int n, const int32_t *triangle, const float *weights, const int32_t *triangles, const float *vectors,
                 float *out) {
  for (int i = 0; i < n; i++) {
    int t = triangle[i];
    float w1 = weights[2 * i], w2 = weights[2 * i + 1];
    for (int k = 0; k < 3; k++)
      out[3 * i + k] = t < 0 ? 0
                             : (1 - w1 - w2) * vectors[3 * triangles[3 * t] + k] +
                                   w1 * vectors[3 * triangles[3 * t + 1] + k] +
                                   w2 * vectors[3 * triangles[3 * t + 2] + k];
  }
}

// Adds to irradiance [n, 3] what one direction's light gives the vertices that its depth map sees (2 x 2 pixels, bilinear).
// wrap [n]: how far round the terminator light reaches, 0 being Lambert. bias: of depth, world units.
void add_light(int n, const float *screen, const float *normals, const float *wrap, const float *direction,
               const float *radiance, const float *depth, int width, int height, float bias, float solid_angle,
               float *irradiance) {
  for (int i = 0; i < n; i++) {
    float facing =
        normals[3 * i] * direction[0] + normals[3 * i + 1] * direction[1] + normals[3 * i + 2] * direction[2];
    float wr = wrap[i];
    float cosine = (facing + wr) / ((1 + wr) * (1 + wr));
    if (cosine <= 0) continue;
    float x = screen[4 * i] - 0.5f, y = screen[4 * i + 1] - 0.5f, z = screen[4 * i + 2] - bias;
    int x0 = (int)floorf(x), y0 = (int)floorf(y);
    float fx = x - x0, fy = y - y0, visible = 0;
    for (int j = 0; j < 4; j++) {
      int xx = x0 + (j & 1), yy = y0 + (j >> 1);
      float w = ((j & 1) ? fx : 1 - fx) * ((j >> 1) ? fy : 1 - fy);
      if (xx < 0 || yy < 0 || xx >= width || yy >= height || z < depth[yy * width + xx]) visible += w;
    }
    float share = cosine * visible * solid_angle;
    for (int k = 0; k < 3; k++) irradiance[3 * i + k] += share * radiance[k];
  }
}

// How far points [n, 3] lie behind the nearest of the surfaces that depth maps [views, height, width] see; negative: in
// front of one. projections [views, 3, 4]: to pixels and depth.
void depth_behind(int n, const float *points, int views, const float *projections, const float *depth, int width,
                  int height, float *behind) {
  for (int i = 0; i < n; i++) {
    float least = 1e9f;
    const float *p = points + 3 * i;
    for (int d = 0; d < views; d++) {
      const float *m = projections + 12 * d;
      float x = m[0] * p[0] + m[1] * p[1] + m[2] * p[2] + m[3] - 0.5f;
      float y = m[4] * p[0] + m[5] * p[1] + m[6] * p[2] + m[7] - 0.5f;
      float z = m[8] * p[0] + m[9] * p[1] + m[10] * p[2] + m[11];
      int x0 = (int)floorf(x), y0 = (int)floorf(y);
      float here = -1;
      if (x0 >= 0 && y0 >= 0 && x0 + 1 < width && y0 + 1 < height) {
        const float *q = depth + (int64_t)d * width * height + y0 * width + x0;
        float fx = x - x0, fy = y - y0, a = q[0], b = q[1], c = q[width], e = q[width + 1];
        float least_z = fminf(fminf(a, b), fminf(c, e)), most_z = fmaxf(fmaxf(a, b), fmaxf(c, e));
        // Across an edge nothing is interpolated.
        float surface = most_z - least_z < 0.05f ? (a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + e * fx) * fy
                                                 : q[(fx > 0.5f ? 1 : 0) + (fy > 0.5f ? width : 0)];
        here = z - surface;
      }
      if (here < least) least = here;
    }
    behind[i] = least;
  }
}
