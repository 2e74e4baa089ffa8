import { HopmeterError } from '../../../errors.ts'
import { systemNamespace } from '../../../plan/names.ts'
import type { Command } from '../../backend.ts'
import type { Cluster } from '../../kubernetes/cluster/cluster.ts'
import { imageOf, type Rollout } from '../../kubernetes/cluster/objects.ts'
import type { KubeStep, StepContext } from '../../kubernetes/steps/step.ts'
import { restart, waitForRollout } from './restart.ts'

const ztunnel = 'daemonset/ztunnel'
/** Of its only container. Source: istio `manifests/charts/ztunnel/templates/daemonset.yaml`. */
const container = 'istio-proxy'
/** On the DaemonSet while a run has changed its image: the one that was installed. */
export const installedImageAnnotation = 'hopmeter.dev/installed-image'

const inSystem = ['--namespace', systemNamespace]

/**
 * Starts the ztunnels of a cluster anew, with another image where they have not that one. Nothing puts a DaemonSet of
 * istioctl's back, so its image is set; what was installed is written on it before.
 * @param image the installed one unless given
 */
export async function switchZtunnel(
  cluster: Cluster,
  image: string | undefined,
  context: StepContext,
): Promise<void> {
  const { current, installed } = await readImages(cluster, context)
  const wanted = image ?? installed ?? current
  if (wanted === current) return await restart(cluster, ztunnel, context)
  if (installed === undefined) await cluster.call(annotateCommand(cluster, current), context)
  await cluster.call(setImageCommand(cluster, wanted), context)
  await waitForRollout(cluster, ztunnel, context)
}

/** What a run that switched versions left behind when it was killed, or leaves when it ends. */
export function ztunnelBackStep(cluster: Cluster): KubeStep {
  return {
    name: `put the ztunnel of ${cluster.name} back if a run switched it`,
    commands: [setImageCommand(cluster, 'INSTALLED-IMAGE'), annotateCommand(cluster, undefined)],
    isDone: async (context) => (await readImages(cluster, context)).installed === undefined,
    run: async (context) => {
      const { current, installed } = await readImages(cluster, context)
      if (installed !== undefined && installed !== current) {
        await cluster.call(setImageCommand(cluster, installed), context)
        await waitForRollout(cluster, ztunnel, context)
      }
      // Last: as long as it is there, whoever comes next knows that there is something to do.
      await cluster.call(annotateCommand(cluster, undefined), context)
    },
  }
}

function setImageCommand(cluster: Cluster, image: string): Command {
  return cluster.kubectl([...inSystem, 'set', 'image', ztunnel, `${container}=${image}`])
}

/** @param image undefined removes the annotation */
function annotateCommand(cluster: Cluster, image: string | undefined): Command {
  const change = image === undefined ? `${installedImageAnnotation}-` : `${installedImageAnnotation}=${image}`
  return cluster.kubectl([...inSystem, 'annotate', '--overwrite', 'daemonset', 'ztunnel', change])
}

async function readImages(cluster: Cluster, context: StepContext) {
  const found = await cluster.find<Rollout>(ztunnel, { namespace: systemNamespace }, context)
  const current = found && imageOf(found)
  if (current === undefined) throw new HopmeterError(`ztunnel of ${cluster.name}: it has no image`)
  return { current, installed: found?.metadata.annotations?.[installedImageAnnotation] }
}
