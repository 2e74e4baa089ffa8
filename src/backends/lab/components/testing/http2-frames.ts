/** One HTTP/2 frame off the wire (RFC 9113 §4.1). */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export const frameTypes = { headers: 1, resetStream: 3, settings: 4, ping: 6, windowUpdate: 8 } as const
export const clientPreface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'

/** The complete frames at the start of `bytes`. */
export function parseFrames(bytes: Buffer): readonly Frame[] {
  const frames: Frame[] = []
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = bytes.readUIntBE(at, 3)
    if (at + 9 + length > bytes.length) break
    frames.push({
      type: bytes.readUInt8(at + 3),
      flags: bytes.readUInt8(at + 4),
      stream: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
      payload: bytes.subarray(at + 9, at + 9 + length),
    })
    at += 9 + length
  }
  return frames
}

/** SETTINGS as identifier to value (RFC 9113 §6.5.2). */
export function settingsOf(frames: readonly Frame[]): Readonly<Record<string, number>> {
  const names = ['', 'headerTable', 'push', 'maxStreams', 'window', 'maxFrame', 'maxHeaderList']
  const payload = frames.find((frame) => frame.type === frameTypes.settings)?.payload ?? Buffer.alloc(0)
  const settings: Record<string, number> = {}
  for (let at = 0; at < payload.length; at += 6) {
    const id = payload.readUInt16BE(at)
    settings[names[id] ?? `0x${id.toString(16)}`] = payload.readUInt32BE(at + 2)
  }
  return settings
}

/** By how much the connection window was enlarged above its initial 65 535 bytes. */
export function connectionWindowIncrement(frames: readonly Frame[]): number | undefined {
  return frames
    .find((frame) => frame.type === frameTypes.windowUpdate && frame.stream === 0)
    ?.payload.readUInt32BE()
}
