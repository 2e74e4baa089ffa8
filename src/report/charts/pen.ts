/** The part of the 2D canvas context that charts draw with; the same in a browser and on Skia. */
export interface Pen {
  fillStyle: string
  strokeStyle: string
  lineWidth: number
  lineCap: 'butt' | 'round' | 'square'
  lineJoin: 'bevel' | 'round' | 'miter'
  font: string
  textAlign: 'left' | 'right' | 'center'
  textBaseline: 'top' | 'middle' | 'bottom' | 'alphabetic'
  globalAlpha: number
  save: () => void
  restore: () => void
  beginPath: () => void
  closePath: () => void
  moveTo: (x: number, y: number) => void
  lineTo: (x: number, y: number) => void
  bezierCurveTo: (x1: number, y1: number, x2: number, y2: number, x: number, y: number) => void
  arc: (x: number, y: number, radius: number, from: number, to: number) => void
  rect: (x: number, y: number, width: number, height: number) => void
  roundRect: (x: number, y: number, width: number, height: number, radius: number) => void
  fillRect: (x: number, y: number, width: number, height: number) => void
  fill: () => void
  stroke: () => void
  clip: () => void
  scale: (x: number, y: number) => void
  setLineDash: (segments: number[]) => void
  fillText: (text: string, x: number, y: number) => void
  strokeText: (text: string, x: number, y: number) => void
  measureText: (text: string) => { readonly width: number }
}

/** Runs `draw` and takes back every style it set. */
export function withPen(pen: Pen, draw: () => void): void {
  pen.save()
  draw()
  pen.restore()
}

export function line(pen: Pen, ...points: readonly (readonly [number, number])[]): void {
  pen.beginPath()
  for (const [index, [x, y]] of points.entries()) {
    if (index === 0) pen.moveTo(x, y)
    else pen.lineTo(x, y)
  }
  pen.stroke()
}

/** An interval as a line with end caps, along y (`vertical`) or along x. */
export function whisker(
  pen: Pen,
  at: { readonly x: number; readonly y: number; readonly toX: number; readonly toY: number },
  cap: number,
): void {
  const vertical = at.x === at.toX
  line(pen, [at.x, at.y], [at.toX, at.toY])
  const [dx, dy] = vertical ? [cap, 0] : [0, cap]
  line(pen, [at.x - dx, at.y - dy], [at.x + dx, at.y + dy])
  line(pen, [at.toX - dx, at.toY - dy], [at.toX + dx, at.toY + dy])
}

/** A whisker that stays visible on a bar of any colour. */
export function haloWhisker(
  pen: Pen,
  at: Parameters<typeof whisker>[1],
  cap: number,
  { text, background }: { readonly text: string; readonly background: string },
): void {
  pen.lineCap = 'square'
  for (const [color, width] of [
    [background, 4.5],
    [text, 1.7],
  ] as const) {
    pen.strokeStyle = color
    pen.lineWidth = width
    whisker(pen, at, cap)
  }
  pen.lineCap = 'butt'
}

/** Text on a plate of the background colour, which interrupts the line below it. */
export function plateText(
  pen: Pen,
  text: string,
  x: number,
  y: number,
  plate: { readonly color: string; readonly height: number },
): void {
  const width = pen.measureText(text).width + 10
  const color = pen.fillStyle
  pen.fillStyle = plate.color
  pen.fillRect(x - width / 2, y - plate.height / 2, width, plate.height)
  pen.fillStyle = color
  pen.fillText(text, x, y)
}

/** Text on a halo of the background colour, readable across grid lines. */
export function haloText(pen: Pen, text: string, x: number, y: number, halo: string): void {
  pen.lineJoin = 'round'
  pen.lineWidth = 5
  pen.strokeStyle = halo
  pen.strokeText(text, x, y)
  pen.fillText(text, x, y)
}
