/** Any RGB picture: 8 bits a channel, rows from the top. */
export interface RgbImage {
  width: number
  height: number
  rgb: Uint8Array
}
