import { mkdtempSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectSeqPacket } from './descriptor-socket.ts'
import type { ServedPod } from './protocol.ts'
import { ackError, helloVersion } from './zds-messages.ts'
import { serveZds } from './zds-server.ts'

const hello = Buffer.from('0801', 'hex')
const ack = Buffer.from('0a00', 'hex')
const pod = (name: string, netns: string): ServedPod => ({
  uid: `uid-${name}`,
  name,
  namespace: 'hopmeter',
  serviceAccount: `sa-${name}`,
  netns,
})

describe('the list of pods that a ztunnel is given (ZDS)', () => {
  let folder = ''
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-zds-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  it('hands over each pod with its network namespace, waits for each answer, and ends with a snapshot', async () => {
    const socket = path.join(folder, 's')
    const problems: string[] = []
    const pods = [pod('a', '/proc/self/ns/net'), pod('b', '/proc/self/ns/uts')]
    const server = await serveZds(socket, pods, (problem) => problems.push(problem))
    const ztunnel = await connectSeqPacket(socket)
    ztunnel.send(hello)
    const first = await ztunnel.receiveDescriptor()
    // WorkloadRequest{add=1{uid=1, workload_info=2{name=1, namespace=2, service_account=3}}}
    expect(first.message.toString('hex')).toBe(
      Buffer.concat([
        Buffer.from([0x0a, 0x1c, 0x0a, 5]),
        Buffer.from('uid-a'),
        Buffer.from([0x12, 19, 0x0a, 1]),
        Buffer.from('a'),
        Buffer.from([0x12, 8]),
        Buffer.from('hopmeter'),
        Buffer.from([0x1a, 4]),
        Buffer.from('sa-a'),
      ]).toString('hex'),
    )
    expect(readlinkSync(`/proc/self/fd/${first.descriptor}`)).toBe(readlinkSync('/proc/self/ns/net'))
    expect(server.hasPods()).toBe(false)
    ztunnel.send(ack)
    const second = await ztunnel.receiveDescriptor()
    expect(readlinkSync(`/proc/self/fd/${second.descriptor}`)).toBe(readlinkSync('/proc/self/ns/uts'))
    ztunnel.send(ack)
    const snapshot = await ztunnel.receiveDescriptor()
    expect(snapshot).toMatchObject({ message: Buffer.from('1a00', 'hex'), descriptor: undefined })
    expect(server.hasPods()).toBe(false)
    ztunnel.send(ack)
    await expect.poll(() => server.hasPods()).toBe(true)
    ztunnel.close()
    // One that is started anew is told everything again.
    await expect.poll(() => server.hasPods()).toBe(false)
    const again = await connectSeqPacket(socket)
    again.send(hello)
    expect((await again.receiveDescriptor()).message).toEqual(first.message)
    again.close()
    await expect.poll(() => problems).toEqual(['ZDS: it went away instead of taking pod a'])
  })

  it('tells what a ztunnel has against a pod, and of another version', async () => {
    const socket = path.join(folder, 's')
    const problems: string[] = []
    await serveZds(socket, [pod('a', '/proc/self/ns/net')], (problem) => problems.push(problem))
    const unhappy = await connectSeqPacket(socket)
    unhappy.send(hello)
    await unhappy.receiveDescriptor()
    unhappy.send(Buffer.concat([Buffer.from([0x0a, 7, 0x0a, 5]), Buffer.from('no go')]))
    await expect.poll(() => problems).toEqual(['ZDS: it refuses pod a: no go'])
    const newer = await connectSeqPacket(socket)
    newer.send(Buffer.from('0802', 'hex'))
    await expect.poll(() => problems.at(-1)).toBe('ZDS: it speaks version 2, not 1')
    newer.close()
    unhappy.close()
  })

  it('reads answers as they are written', () => {
    expect(helloVersion(hello)).toBe(1)
    expect(ackError(ack)).toBeUndefined()
    expect(() => ackError(Buffer.alloc(0))).toThrow('no acknowledgement')
  })
})
