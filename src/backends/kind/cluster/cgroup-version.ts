import { EnvironmentError } from '../../../errors.ts'
import { checkStep, type KubeStep, type StepContext } from '../../kubernetes/steps/step.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { kubernetesMinor } from '../../versions.ts'

/** Kubernetes minor from which kubelets refuse cgroup v1. */
const cgroupV2Minor = 35

export const cgroupRemedy =
  'boot with systemd.unified_cgroup_hierarchy=1, or take a node image of Kubernetes 1.34 or older (--node-image)'

/** Why nodes of this image do not start with this version (`1` or `2`) of Docker's cgroups; undefined if they do. */
export function cgroupProblem(version: string, image: string): string | undefined {
  return version === '1' && needsV2(image)
    ? `v1, but Kubernetes 1.${minorOf(image)} starts only with v2`
    : undefined
}

function minorOf(image: string): number {
  return kubernetesMinor(/:(v?1\.\d+)/.exec(image)?.[1] ?? '') ?? 0
}

function needsV2(image: string): boolean {
  return minorOf(image) >= cgroupV2Minor
}

/** Before nodes are made: a kubelet that does not start would be waited for until kind's own deadline. Only reads. */
export function cgroupSteps(tools: Toolbox, image: string): readonly KubeStep[] {
  if (!needsV2(image)) return []
  const info = tools.docker(['info', '--format', '{{json .}}'])
  const check = async ({ signal }: StepContext) => {
    const { CgroupVersion: version = 'unknown' } = await tools.json<{ readonly CgroupVersion?: string }>(
      info,
      { signal },
    )
    const problem = cgroupProblem(version, image)
    if (problem !== undefined) throw new EnvironmentError(`cgroup ${problem}`, { hint: cgroupRemedy })
  }
  return [checkStep('check that nodes can run here', [info], check)]
}
