import { describe, expect, it } from 'vitest'
import { podUsage } from '../../kind/node-cgroups/node-cgroups.ts'
import { parseCadvisor } from './cadvisor.ts'
import { sumByComponent } from './sum.ts'

const uid = '578843c5-2000-43e9-a9fe-a2460b4f0f2f'

describe('cgroups of a pod on a node', () => {
  it('of version 1 with systemd’s names: the pod’s own usage, and the longest throttling of pod and containers', () => {
    const pod =
      'kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod578843c5_2000_43e9_a9fe_a2460b4f0f2f.slice'
    const text = [
      `/sys/fs/cgroup/unified/${pod}/cpu.stat:usage_usec 99000000`,
      `/sys/fs/cgroup/cpuacct/${pod}/cpuacct.usage:600655000`,
      `/sys/fs/cgroup/cpuacct/${pod}/cri-containerd-eb79.scope/cpuacct.usage:12277000`,
      `/sys/fs/cgroup/cpu/${pod}/cpu.stat:nr_periods 117`,
      `/sys/fs/cgroup/cpu/${pod}/cpu.stat:nr_throttled 16`,
      `/sys/fs/cgroup/cpu/${pod}/cpu.stat:throttled_time 1225768037`,
      `/sys/fs/cgroup/cpu/${pod}/cri-containerd-eb79.scope/cpu.stat:throttled_time 200902923`,
      '/sys/fs/cgroup/cpuacct/kubelet.slice/other-pod1.slice/cpuacct.usage:5',
    ].join('\n')
    expect(podUsage(text, uid)).toEqual({ cpuMs: 600.655, throttledMs: 1225.768037 })
  })

  it('of version 2 with the names of the cgroupfs driver', () => {
    const pod = `/sys/fs/cgroup/kubelet/kubepods/burstable/pod${uid}`
    const text = [
      `${pod}/c1/cpu.stat:usage_usec 500`,
      `${pod}/c1/cpu.stat:throttled_usec 7000`,
      `${pod}/cpu.stat:usage_usec 3162493`,
      `${pod}/cpu.stat:throttled_usec 0`,
    ].join('\n')
    expect(podUsage(text, uid)).toEqual({ cpuMs: 3162.493, throttledMs: 7 })
  })

  it('of a pod that is not there are undefined', () => {
    expect(podUsage('/sys/fs/cgroup/podx/cpu.stat:usage_usec 1', uid)).toBeUndefined()
  })
})

describe('cAdvisor', () => {
  const series = (metric: string, container: string, id: string, value: string) =>
    `${metric}{container="${container}",cpu="total",id="${id}",image="",name="",namespace="istio-system",pod="ztunnel-x"} ${value}`

  it('is read at the pod’s own group, with the time of the sample', () => {
    const text = [
      '# TYPE container_cpu_usage_seconds_total counter',
      'container_cpu_usage_seconds_total{container="",cpu="total",id="/",image="",name="",namespace="",pod=""} 45.5 1795406751307',
      series(
        'container_cpu_usage_seconds_total',
        '',
        '/kubelet.slice/a-pod1.slice',
        '0.125688795 1795406756174',
      ),
      series(
        'container_cpu_usage_seconds_total',
        '',
        '/kubelet.slice/a-pod1.slice/pause.scope',
        '0.0259 1795406756987',
      ),
      series(
        'container_cpu_usage_seconds_total',
        'istio-proxy',
        '/kubelet.slice/a-pod1.slice/c.scope',
        '0.09 1795406750000',
      ),
      series(
        'container_cpu_cfs_throttled_seconds_total',
        '',
        '/kubelet.slice/a-pod1.slice',
        '1.004799263 1795406750745',
      ),
    ].join('\n')
    expect(parseCadvisor(text)).toEqual(
      new Map([
        ['istio-system/ztunnel-x', { cpuMs: 125.688795, throttledMs: 1004.799263, atMs: 1795406756174 }],
      ]),
    )
  })

  it('adds containers up where a pod has no group of its own, as old as the oldest', () => {
    const text = [
      series('container_cpu_usage_seconds_total', 'one', '/docker/1', '1 2000'),
      series('container_cpu_usage_seconds_total', 'two', '/docker/2', '2 1000'),
      series('container_cpu_usage_seconds_total', 'three', '/docker/3', '4'),
    ].join('\n')
    expect(parseCadvisor(text).get('istio-system/ztunnel-x')).toMatchObject({ cpuMs: 3000, atMs: 1000 })
  })
})

it('pods of one component add up, and the sum is as old as its oldest part', () => {
  const component = { kind: 'east-west-gateway', cluster: 'west' } as const
  expect(
    sumByComponent([
      { component, cpuMs: 1, throttledMs: 2, atMs: 20 },
      { component, cpuMs: 4, atMs: 10 },
    ]),
  ).toEqual([{ component, cpuMs: 5, throttledMs: 2, atMs: 10 }])
})
