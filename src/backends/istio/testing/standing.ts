import { loadScenario } from '../../../scenario/load.ts'
import type { Cluster as ClusterSpec } from '../../../topology/model.ts'
import { KindCluster } from '../../kind/cluster/kind-cluster.ts'
import { kindClusterName } from '../../kind/cluster/names.ts'
import { hostFacts } from '../../kind/host-facts.ts'
import { createKind } from '../../kind/kind.ts'
import { nodeAddress } from '../../kind/load-balancer/node-address.ts'
import { readNodeRoutes } from '../../kind/routes/route-facts.ts'
import { routeKindOf } from '../../kind/routes/route-kinds.ts'
import type { Gateway } from '../../kubernetes/load-balancer.ts'
import { Session } from '../../kubernetes/session/session.ts'
import type { StepContext } from '../../kubernetes/steps/step.ts'
import type { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import type { FakeModel } from '../../kubernetes/testing/fake-model.ts'
import { quiet } from '../../kubernetes/testing/lives.ts'
import { createToolbox } from '../../kubernetes/tools/create-toolbox.ts'
import type { Toolbox } from '../../kubernetes/tools/toolbox.ts'
import { findPods } from '../../kubernetes/workloads/find-pods.ts'
import { planScenario, type Plan } from '../../../plan/plan-scenario.ts'
import { istioContext, type IstioContext } from '../context.ts'
import { collectMeshFacts } from '../check/collect-facts.ts'
import { findPitfalls } from '../check/pitfalls/find-pitfalls.ts'

/** A testbed of the fake tools that stays up, to be damaged. */
export class Standing {
  readonly fake: FakeCluster
  readonly plan: Plan
  readonly names: readonly string[]

  private constructor(fake: FakeCluster, plan: Plan) {
    this.fake = fake
    this.plan = plan
    this.names = plan.scenario.topology.clusters.map(({ name }) => name)
  }

  static async up(fake: FakeCluster, name: string): Promise<Standing> {
    const plan = planScenario((await loadScenario(name)).scenario)
    const options = { ...fake.options, execute: fake.inProcess(), keep: true }
    await (await createKind(options).up(plan, quiet)).down()
    return new Standing(fake, plan)
  }

  parts(over: Partial<IstioContext> = {}): IstioContext {
    const clusters = this.plan.scenario.topology.clusters.map((spec) => this.cluster(spec))
    const { options } = this.fake
    const input = { plan: this.plan, clusters, options, sessionId: this.#session.id }
    const own = {
      loadBalancer: (_: unknown, gateway: Gateway) => nodeAddress({}, clusters[0]!, gateway),
      host: (context: StepContext) => hostFacts(this.#tools, context),
    }
    return { ...istioContext(input, own), ...over }
  }

  cluster(spec: ClusterSpec): KindCluster {
    const routeKind = routeKindOf(this.plan)
    const kindName = kindClusterName(this.plan.scenario.name, spec.name)
    const kubeconfig = this.#session.file(`${spec.name}.kubeconfig`)
    return new KindCluster(this.#tools, kindName, kubeconfig, spec, (...of) =>
      readNodeRoutes(routeKind, ...of),
    )
  }

  get #session(): Session {
    return Session.find(this.fake.sessions, this.plan.scenario.name)!
  }

  get #tools(): Toolbox {
    return createToolbox({ ...this.fake.options, execute: this.fake.inProcess() })
  }

  async findings(over: Partial<IstioContext> = {}): Promise<readonly (readonly [number, string])[]> {
    const parts = this.parts(over)
    const { plan, clusters, sessionId } = parts
    const found = await findPods(this.plan, sessionId, 1, clusters, quiet)
    const collected = await collectMeshFacts({ ...parts, plan }, found, quiet)
    // How many cores this machine has is not what is tested.
    return findPitfalls({ ...collected, cores: 64 }).map(({ pitfall, message }) => [pitfall.id, message])
  }

  /** Changes the model of one cluster, by its name in the scenario. */
  change(name: string, work: (cluster: FakeModel['clusters'][string], model: FakeModel) => void): void {
    const kindName = kindClusterName(this.plan.scenario.name, name)
    this.fake.model((model) => work(model.clusters[kindName]!, model))
  }

  object(name: string, key: string, work: (object: KubeObject) => void): void {
    this.change(name, ({ objects }) => work(objects[key] as KubeObject))
  }
}

export interface KubeObject {
  kind?: string
  metadata: { name: string; labels: Record<string, string>; annotations: Record<string, string> }
  spec?: Record<string, string | undefined>
  status?: Record<string, unknown>
  data?: Record<string, string>
}
