import { Command } from 'commander'
import { planScenario } from '../plan/plan-scenario.ts'
import { textTable } from '../report/render/text/table.ts'
import { plural } from '../plural.ts'
import { formatDuration } from '../scenario/duration.ts'
import { loadScenario } from '../scenario/load.ts'
import { pathLabel } from '../topology/component.ts'
import { expandLoads } from '../load/profiles.ts'
import { print, printDocument, printJson, type CliContext } from './context.ts'
import { outputOption, type OutputFormat } from './options.ts'

/** `hopmeter show`: one scenario, with what the path rule says of every path. */
export function showVerb(context: CliContext): Command {
  return new Command('show')
    .summary('show a scenario: clusters, paths and their components')
    .description('Shows a scenario: its clusters, its load, and the components of every path.')
    .argument('<scenario>', 'name of a scenario, a YAML file, or - for standard input')
    .addOption(outputOption())
    .option('--yaml', 'print the scenario file as it is')
    .addHelpText(
      'after',
      '\nExamples:\n  hopmeter show hop-ladder\n  hopmeter show --yaml mixed > my-own.yaml\n  hopmeter show my-own.yaml',
    )
    .action(async (name: string, { output, yaml }: { output: OutputFormat; yaml?: boolean }) => {
      const { scenario, text, hash } = await loadScenario(name)
      if (yaml) {
        printDocument(context, text)
        return
      }
      const plan = planScenario(scenario)
      if (output === 'json') {
        const paths = plan.paths.map(({ name: path, rule }) => ({ name: path, ...rule }))
        printJson(context, { ...scenario, hash, paths })
        return
      }
      const { clusters, routes } = scenario.topology
      const { count, durationMs, warmupMs, builds } = scenario.rounds
      const clusterRows = clusters.map((c) => [
        c.name,
        c.network,
        String(c.nodes),
        c.podCidr,
        c.serviceCidr,
        c.gateway ? `yes, load balancer: ${c.gateway.loadBalancer}` : '-',
      ])
      const pathRows = plan.paths.map(({ name: path, rule }) => [
        path,
        rule.possible ? String(rule.hops) : '-',
        rule.possible ? pathLabel(rule.components) : `unreachable: ${rule.reason}`,
      ])
      const routeText = routes.length === 0 ? 'none' : routes.map((r) => `${r.from} → ${r.to}`).join(', ')
      print(
        context,
        [
          `${scenario.name}: ${scenario.title}`,
          ...(scenario.description === '' ? [] : ['', scenario.description.trim()]),
          '',
          textTable(['CLUSTER', 'NETWORK', 'NODES', 'POD CIDR', 'SERVICE CIDR', 'GATEWAY'], clusterRows),
          `Routes (${scenario.routeMode}): ${routeText}`,
          ...scenario.delays.map(
            (d) => `Delay ${d.between.join(' ↔ ')}: ${formatDuration(d.rttMs)} round trip`,
          ),
          '',
          textTable(['PATH', 'HOPS', 'COMPONENTS'], pathRows),
          `Load: ${expandLoads(scenario.loads)
            .map((l) => l.id)
            .join(', ')}; ${plural(count, 'round')} of ${formatDuration(durationMs)}` +
            ` after ${formatDuration(warmupMs)} of warm-up, ${plural(builds, 'build')}`,
        ].join('\n'),
      )
    })
}
