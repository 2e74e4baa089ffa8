import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { nextAddress } from './docker.mjs'
import { fail, flag } from './model.mjs'
import { killPods } from './pods.mjs'

export function kind(model, args, input) {
  const [verb, noun] = args
  if (verb === 'version') return 'kind v0.30.0 go1.24.6 linux/amd64'
  if (verb === 'get') return Object.keys(model.clusters).join('\n')
  if (verb === 'create') return create(model, args, input)
  if (verb === 'delete') return remove(model, args)
  if (verb === 'load') return load(model, args)
  if (verb === 'export') return exportLogs(model, args)
  return fail(`ERROR: unknown command "${verb} ${noun}" for "kind"`)
}

function create(model, args, input) {
  const name = flag(args, '--name')
  const kubeconfig = flag(args, '--kubeconfig')
  if (!kubeconfig) fail("ERROR: this would have changed the user's own kubeconfig")
  if (model.clusters[name])
    fail(`ERROR: failed to create cluster: node(s) already exist for a cluster with the name "${name}"`)
  if (model.portRaces > 0) {
    model.portRaces--
    fail('ERROR: failed to create cluster: listen tcp4 127.0.0.1:45967: bind: address already in use')
  }
  const config = JSON.parse(input)
  const cluster = {
    podSubnet: config.networking.podSubnet,
    serviceSubnet: config.networking.serviceSubnet,
    nodes: [],
    objects: {},
    authority: Buffer.from(`authority ${model.nextUid++}`).toString('base64'),
    nextService: 10,
    nextPod: 5,
  }
  const prefix = cluster.podSubnet.split('.').slice(0, 2).join('.')
  config.nodes.forEach((node, i) => {
    const own = i === 0 ? `${name}-control-plane` : `${name}-worker${i === 1 ? '' : i}`
    const podCIDR = `${prefix}.${i}.0/24`
    const address = nextAddress(model)
    cluster.nodes.push({ name: own, address, podCIDR })
    model.containers[own] = {
      cluster: name,
      nodeImage: node.image,
      running: true,
      mounts: node.extraMounts?.map((mount) => mount.hostPath) ?? [],
      address,
      node: {
        images: [],
        routes: [{ dst: 'default', gateway: '172.30.0.1', dev: 'eth0' }],
        nat: [`-A KIND-MASQ-AGENT -d ${cluster.podSubnet} -j RETURN`, '-A KIND-MASQ-AGENT -j MASQUERADE'],
      },
    }
  })
  model.clusters[name] = cluster
  const text = `apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${cluster.authority}
    server: https://127.0.0.1:6443
  name: kind-${name}
current-context: kind-${name}
`
  writeFileSync(kubeconfig, text, { mode: 0o600 })
  return ''
}

function remove(model, args) {
  const name = flag(args, '--name')
  killPods(model, name)
  delete model.clusters[name]
  for (const [own, container] of Object.entries(model.containers)) {
    if (container.cluster === name) delete model.containers[own]
  }
  return ''
}

/** A file for each node, and one that tells of the machine. */
function exportLogs(model, args) {
  const name = flag(args, '--name')
  const folder = args.at(-1)
  if (!model.clusters[name]) fail(`ERROR: unknown cluster "${name}"`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(path.join(folder, 'docker-info.txt'), 'Name: this-machine')
  for (const node of model.clusters[name].nodes) {
    mkdirSync(path.join(folder, node.name), { recursive: true })
    writeFileSync(path.join(folder, node.name, 'kubelet.log'), `kubelet of ${node.name}`)
  }
  return `Exporting logs for cluster "${name}" to:\n${folder}`
}

function load(model, args) {
  const name = flag(args, '--name')
  const operands = args.slice(args.indexOf('--name') + 2)
  const isArchive = args[1] === 'image-archive'
  if (model.hasPlatforms && !isArchive)
    fail('ERROR: failed to load image: Command Output: ctr: content digest sha256:b1addbe7: not found')
  const images = isArchive ? readFileSync(operands[0], 'utf8').split('\n') : operands
  for (const image of images) {
    if (!model.images.includes(image)) fail(`ERROR: image: "${image}" not present locally`)
    const full = image.includes('/') ? image : `docker.io/library/${image}`
    for (const container of Object.values(model.containers)) {
      if (container.cluster === name) container.node.images.push(full)
    }
  }
  return ''
}
