export function countColors(data: Uint8ClampedArray, colors: readonly string[]): number[] {
  const wanted = colors.map((color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)))
  const counts = wanted.map(() => 0)
  for (let at = 0; at < data.length; at += 4) {
    for (const [index, [red, green, blue]] of wanted.entries()) {
      if (data[at] === red && data[at + 1] === green && data[at + 2] === blue)
        counts[index] = (counts[index] ?? 0) + 1
    }
  }
  return counts
}

/** WCAG 2.2 contrast ratio of two `#rrggbb` colours. */
export function contrast(first: string, second: string): number {
  const luminance = (color: string) => {
    const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
      const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
  }
  const [light = 0, dark = 0] = [luminance(first), luminance(second)].toSorted((a, b) => b - a)
  return (light + 0.05) / (dark + 0.05)
}

/** Linear sRGB as people without one kind of cone see it (Machado, Oliveira and Fernandes 2009, severity 1). */
export const visions = {
  normal: [1, 0, 0, 0, 1, 0, 0, 0, 1],
  protan: [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  deutan: [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  tritan: [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
} as const

/** Distance of two `#rrggbb` colours in OKLab (Ottosson 2020): 0.02 is just visible, black and white are 1 apart. */
export function colorDistance(first: string, second: string, vision: keyof typeof visions): number {
  const lab = (color: string) => {
    const rgb = [1, 3, 5].map((at) => {
      const channel = Number.parseInt(color.slice(at, at + 2), 16) / 255
      return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
    })
    const matrix = visions[vision]
    const seen = [0, 3, 6].map((row) =>
      Math.min(
        1,
        Math.max(
          0,
          rgb.reduce((sum, channel, at) => sum + (matrix[row + at] ?? 0) * channel, 0),
        ),
      ),
    )
    const dot = (weights: readonly number[], values: readonly number[]) =>
      weights.reduce((sum, weight, at) => sum + weight * (values[at] ?? 0), 0)
    const cones = [
      [0.4122214708, 0.5363325363, 0.0514459929],
      [0.2119034982, 0.6806995451, 0.1073969566],
      [0.0883024619, 0.2817188376, 0.6299787005],
    ].map((weights) => Math.cbrt(dot(weights, seen)))
    return [
      [0.2104542553, 0.793617785, -0.0040720468],
      [1.9779984951, -2.428592205, 0.4505937099],
      [0.0259040371, 0.7827717662, -0.808675766],
    ].map((weights) => dot(weights, cones))
  }
  const [one, other] = [lab(first), lab(second)]
  return Math.hypot(...one.map((value, at) => value - (other[at] ?? 0)))
}
