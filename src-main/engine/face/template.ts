/**
 * Where 69 of MediaPipe's landmarks lie on the average head, in world units, for both camera frames: measured on 250
 * synthetic heads with known cameras (own) and moved onto labelled FFHQ crops (eg3d). Facts: pose.md A6.
 */

/**
 * Which world a generator lives in: `own` is that of the synthetic head sampler, `eg3d` that of the official FFHQ
 * checkpoints. Both have x to the right, y up, z towards the viewer.
 */
export type Frame = 'own' | 'eg3d'

export type Vector3 = readonly [x: number, y: number, z: number]

export interface TemplatePoint {
  /** MediaPipe landmark. */
  landmark: number
  weight: number
  position: Vector3
}

/** Landmark (image left of the middle), its mirror point, weight, position in the own frame, in the EG3D frame. */
type Row = [landmark: number, mirror: number | undefined, weight: number, own: Vector3, eg3d: Vector3]

// biome-ignore format: a table
const TABLE: Row[] = [
  [1, undefined, 1, [0, -0.0244, 0.2699], [0, -0.0125, 0.294]],
  [2, undefined, 1, [0, -0.0392, 0.2416], [0, -0.029, 0.265]],
  [4, undefined, 1, [0, -0.01, 0.2713], [0, 0.0026, 0.2949]],
  [5, undefined, 1, [0, 0.0087, 0.2611], [0, 0.0217, 0.2835]],
  [6, undefined, 1, [0, 0.0549, 0.2261], [0, 0.0685, 0.2452]],
  [8, undefined, 1, [0, 0.0884, 0.2151], [0, 0.1029, 0.2325]],
  [9, undefined, 1, [0, 0.1065, 0.2163], [0, 0.1219, 0.233]],
  [10, undefined, 1, [0, 0.1773, 0.2012], [0, 0.1951, 0.2146]],
  [21, 251, 0.5, [-0.157, 0.1179, 0.0978], [-0.1637, 0.1292, 0.1092]],
  [33, 263, 1, [-0.1066, 0.068, 0.1645], [-0.1112, 0.0798, 0.1806]],
  [54, 284, 0.5, [-0.1399, 0.1427, 0.1247], [-0.146, 0.1561, 0.1362]],
  [58, 288, 0.5, [-0.1549, -0.0901, 0.0629], [-0.1615, -0.089, 0.0808]],
  [61, 291, 1, [-0.0582, -0.0902, 0.1986], [-0.0607, -0.0838, 0.2222]],
  [67, 297, 0.5, [-0.0797, 0.1724, 0.1774], [-0.0831, 0.1891, 0.19]],
  [70, 300, 1, [-0.1348, 0.1, 0.153], [-0.1405, 0.1127, 0.1673]],
  [93, 323, 0.5, [-0.1696, -0.0131, 0.0477], [-0.1769, -0.0092, 0.0619]],
  [98, 327, 1, [-0.0417, -0.0349, 0.2195], [-0.0435, -0.0253, 0.2419]],
  [103, 332, 0.5, [-0.1151, 0.1614, 0.1513], [-0.1201, 0.1766, 0.1632]],
  [105, 334, 1, [-0.0965, 0.1162, 0.1861], [-0.1006, 0.1308, 0.2012]],
  [107, 336, 1, [-0.0344, 0.1066, 0.2096], [-0.0358, 0.1218, 0.226]],
  [109, 338, 0.5, [-0.0428, 0.1769, 0.1935], [-0.0447, 0.1944, 0.2066]],
  [127, 356, 1, [-0.1707, 0.0555, 0.0554], [-0.178, 0.0626, 0.0673]],
  [132, 361, 0.5, [-0.1655, -0.0506, 0.0515], [-0.1726, -0.0482, 0.0674]],
  [133, 362, 1, [-0.0416, 0.0616, 0.1796], [-0.0434, 0.0736, 0.1966]],
  [136, 365, 0.5, [-0.1203, -0.1436, 0.1122], [-0.1255, -0.1428, 0.1341]],
  [144, 373, 1, [-0.0872, 0.0591, 0.1755], [-0.091, 0.0709, 0.1923]],
  [148, 377, 0.5, [-0.0311, -0.1916, 0.1949], [-0.0324, -0.1896, 0.2222]],
  [149, 378, 0.5, [-0.0768, -0.1744, 0.1597], [-0.0801, -0.1731, 0.1849]],
  [150, 379, 0.5, [-0.0968, -0.1622, 0.1385], [-0.1009, -0.1611, 0.1623]],
  [151, undefined, 1, [0, 0.143, 0.2114], [0, 0.1598, 0.2265]],
  [152, undefined, 0.5, [0, -0.1938, 0.2019], [0, -0.1916, 0.2296]],
  [153, 380, 1, [-0.0633, 0.0588, 0.1782], [-0.066, 0.0707, 0.1952]],
  [158, 385, 1, [-0.0657, 0.0763, 0.1778], [-0.0685, 0.0889, 0.1941]],
  [160, 387, 1, [-0.0911, 0.076, 0.1744], [-0.095, 0.0885, 0.1905]],
  [162, 389, 0.5, [-0.1665, 0.0905, 0.0754], [-0.1736, 0.0998, 0.0869]],
  [168, undefined, 1, [0, 0.0721, 0.2148], [0, 0.086, 0.2329]],
  [172, 397, 0.5, [-0.1389, -0.1214, 0.0854], [-0.1449, -0.1207, 0.1054]],
  [176, 400, 0.5, [-0.0555, -0.1846, 0.1802], [-0.0579, -0.1829, 0.2066]],
  [195, undefined, 1, [0, 0.0244, 0.2488], [0, 0.0376, 0.2701]],
  [197, undefined, 1, [0, 0.0391, 0.2378], [0, 0.0525, 0.258]],
  [234, 454, 1, [-0.1704, 0.0216, 0.0476], [-0.1777, 0.0269, 0.0605]],
]

function points(column: (row: Row) => Vector3): TemplatePoint[] {
  return TABLE.flatMap((row) => {
    const [landmark, mirror, weight] = row
    const position = column(row)
    const point = { landmark, weight, position }
    if (mirror === undefined) return [point]
    return [point, { landmark: mirror, weight, position: [-position[0], position[1], position[2]] }]
  })
}

export const TEMPLATE: Record<Frame, readonly TemplatePoint[]> = {
  own: points((row) => row[3]),
  eg3d: points((row) => row[4]),
}
