import type { Command, Step } from '../backend.ts'

/** A command that runs inside the lab's private namespaces. */
export interface LabCommand extends Command {
  /** Network namespace (a node, pod, gateway, ...) in which it runs; absent: the lab's own. */
  readonly netns?: string | undefined
}

/** A step whose commands do not depend on each other: `up` runs them at the same time. */
export interface LabStep {
  readonly name: string
  readonly commands: readonly LabCommand[]
}

/** The step as a user could paste it into a shell that is already inside the lab's private namespaces. */
export function toStep(step: LabStep): Step {
  return { name: step.name, commands: step.commands.map((command) => toCommand(command)) }
}

export function toCommand({ netns, file, args, input }: LabCommand): Command {
  const inside = netns === undefined ? { file, args } : enterNetns(netns, file, args)
  return input === undefined ? inside : { ...inside, input }
}

function enterNetns(netns: string, file: string, args: readonly string[]): Command {
  return { file: 'nsenter', args: [`--net=/run/netns/${netns}`, '--', file, ...args] }
}

/** One `ip -batch` per namespace: a process start costs more than ten of its lines. */
export function ipBatch(netns: string | undefined, lines: readonly string[]): LabCommand {
  return batch('ip', netns, lines)
}

/** The same for the other programs of iproute2. */
export function batch(
  file: 'ip' | 'bridge' | 'tc',
  netns: string | undefined,
  lines: readonly string[],
): LabCommand {
  return { netns, file, args: ['-batch', '-'], input: `${lines.join('\n')}\n` }
}

/** Loads an nftables ruleset. */
export function nft(netns: string, ruleset: readonly string[]): LabCommand {
  return { netns, file: 'nft', args: ['-f', '-'], input: `${ruleset.join('\n')}\n` }
}

/** Writes the same text into files, e.g. sysctls, from within the namespace. */
export function write(netns: string, files: readonly string[], content: string): LabCommand {
  return { netns, file: 'tee', args: files, input: `${content}\n` }
}
