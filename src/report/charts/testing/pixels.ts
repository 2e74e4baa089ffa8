import { createCanvas, loadImage } from '@napi-rs/canvas'

export interface Pixels {
  readonly width: number
  readonly height: number
  /** Share of pixels in a box, in points of a picture at two pixels per point, that differ from `background`. */
  readonly inked: (
    box: { left: number; top: number; right: number; bottom: number },
    background: string,
  ) => number
  readonly data: Uint8ClampedArray
}

/** Decodes a PNG. */
export async function pixelsOf(png: Buffer): Promise<Pixels> {
  const image = await loadImage(png)
  const { width, height } = image
  const pen = createCanvas(width, height).getContext('2d')
  pen.drawImage(image, 0, 0)
  const data = pen.getImageData(0, 0, width, height).data
  return {
    width,
    height,
    data,
    inked: (box, background) => {
      const rgb = [1, 3, 5].map((at) => Number.parseInt(background.slice(at, at + 2), 16))
      let inked = 0
      let all = 0
      for (let y = Math.floor(box.top * 2); y < box.bottom * 2; y += 1) {
        for (let x = Math.floor(box.left * 2); x < box.right * 2; x += 1) {
          const at = (y * width + x) * 4
          all += 1
          if (rgb.some((channel, offset) => Math.abs((data[at + offset] ?? 0) - channel) > 40)) inked += 1
        }
      }
      return all === 0 ? 0 : inked / all
    },
  }
}
