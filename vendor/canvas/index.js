'use strict'
// node-canvas draws with cairo and is compiled at install; this has the same calls on Skia binaries that npm delivers.
const { Readable } = require('node:stream')
const skia = require('@napi-rs/canvas')

const mimeTypes = { png: 'image/png', jpeg: 'image/jpeg' }

/** type: 'svg' gives a canvas whose toBuffer is SVG text, with glyphs as paths so that no viewer needs the font. */
function createCanvas(width, height, type) {
  if (type === 'svg') return svgCanvas(width, height)
  if (type !== undefined && type !== 'image') throw new Error(`canvas type "${type}" is not supported`)
  return rasterCanvas(width, height)
}

function svgCanvas(width, height) {
  const canvas = skia.createCanvas(width, height, skia.SvgExportFlag.ConvertTextToPaths)
  canvas.toBuffer = () => canvas.getContent()
  return canvas
}

function rasterCanvas(width, height) {
  const canvas = skia.createCanvas(width, height)
  const toBuffer = canvas.toBuffer.bind(canvas)
  const toDataURL = canvas.toDataURL.bind(canvas)

  // node-canvas: toBuffer(callback, mime) is asynchronous, toBuffer(mime) is not.
  canvas.toBuffer = (first, second) => {
    if (typeof first !== 'function') return toBuffer(first ?? mimeTypes.png)
    canvas.encode(second === mimeTypes.jpeg ? 'jpeg' : 'png').then((buffer) => first(null, buffer), first)
    return undefined
  }
  canvas.toDataURL = (mime, callback) => {
    if (typeof callback !== 'function') return toDataURL(mime)
    canvas.toDataURLAsync(mime).then((url) => callback(null, url), callback)
    return undefined
  }
  canvas.createPNGStream = () => Readable.from(encoded(canvas, 'png'))
  canvas.createJPEGStream = () => Readable.from(encoded(canvas, 'jpeg'))
  return canvas
}

async function* encoded(canvas, format) {
  yield await canvas.encode(format)
}

/** node-canvas names the family in an object; the file's weight and style are read from the file. */
function registerFont(path, { family }) {
  if (!skia.GlobalFonts.registerFromPath(path, family)) throw new Error(`cannot load the font ${path}`)
}

module.exports = { createCanvas, registerFont, Image: skia.Image, loadImage: skia.loadImage }
