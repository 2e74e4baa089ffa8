import { connect } from 'node:net'
import type { Flow } from '../../../../evidence/flow.ts'
import type { Component } from '../../../../topology/model.ts'
import type { PlannedProgram } from '../../planned-program.ts'
import type { EngineBinary } from '../engine-binary.ts'
import { ForeignProgram } from '../foreign-program.ts'
import type { ForwardingProgram } from '../forwarding-program.ts'
import { outsidePath, removePrivateFile, writePrivateFile } from '../private-file.ts'
import { haproxyCommand, haproxyFile } from './command.ts'
import type { Tuning } from '../../variants.ts'
import type { Balancer } from './config.ts'
import { ProxiedConnections } from './connections.ts'
import { parseClosed, parseState, stateCommand, type ProxyState } from './sessions.ts'

const readyWithinMs = 10_000
const agreeWithinMs = 5000
const answerWithinMs = 2000
const hint = 'is it HAProxy 2.4 or later? Debian’s package is: apt-get install --yes haproxy (as root)'

export interface HaproxyPlace {
  readonly netns: string
  readonly component: Component
  readonly balancer: Balancer
}

/** A load balancer that proxies, by a real HAProxy. */
export function haproxyProgram(
  binary: EngineBinary,
  { netns, component, balancer }: HaproxyPlace,
  tuning: Tuning = {},
): PlannedProgram<ForwardingProgram> {
  const { name } = balancer
  const { file, content, socket } = haproxyFile(balancer, tuning)
  const command = haproxyCommand(binary.path, netns, file)
  return {
    commands: [{ file: 'tee', args: [file], input: content }, command],
    start: async ({ anchor }, signal) => {
      await writePrivateFile(anchor, file, content)
      await removePrivateFile(anchor, socket)
      const connections = new ProxiedConnections()
      let unreadable: string | undefined
      const program = new ForeignProgram(anchor, {
        name: `${name} (${binary.title})`,
        command,
        hint,
        onLine: (line) => {
          const reading = parseClosed(line)
          if (reading?.ok) connections.close(reading.value)
          else if (reading) unreadable ??= reading.cannotRead
        },
      })
      const state = async (): Promise<ProxyState> => {
        const reading = parseState(await ask(outsidePath(anchor, socket), stateCommand))
        if (!reading.ok) throw program.failure(reading.cannotRead)
        return reading.value
      }
      try {
        const isReady = async () => (await state()).total === 0
        await program.until('is ready', isReady, { withinMs: readyWithinMs, signal })
      } catch (error) {
        await program.stop()
        throw error
      }
      return {
        name,
        component,
        flows: async () => {
          let flows: readonly Flow[] | undefined
          await program.until(
            'tells the same in its log and in its counters',
            async () => {
              if (unreadable !== undefined) throw program.failure(unreadable)
              flows = connections.flows(await state())
              return flows !== undefined
            },
            { withinMs: agreeWithinMs },
          )
          return flows ?? []
        },
        assertRunning: () => program.assertRunning(),
        moveToCpu: (cpu, stop) => program.moveToCpu(cpu, stop),
        cpuMs: () => program.cpuMs(),
        throttledMs: () => program.throttledMs(),
        stop: () => program.stop(),
      }
    },
  }
}

/** Asks HAProxy on its socket. @throws Error when it does not answer in time. */
function ask(path: string, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect({ path })
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), answerWithinMs)
    // HAProxy answers and closes; closing our side first would make it drop the answer.
    socket.on('connect', () => socket.write(`${command}\n`))
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()))
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer)
    })
  })
}
