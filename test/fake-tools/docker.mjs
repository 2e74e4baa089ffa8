import { cpSync, existsSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setFrozen } from './freeze.mjs'
import { fail, flag, imageId } from './model.mjs'
import { crictl, nsenter } from './on-node.mjs'
import { endProcess, startProcess, waitForPort } from './pods.mjs'

const haproxy = path.join(import.meta.dirname, 'haproxy.mjs')

const base = '172.30.0.'

export function nextAddress(model) {
  return base + model.nextAddress++
}

export function docker(model, args, input) {
  const [verb, ...rest] = args
  if (verb === 'version') return args.join(' ').includes('Server.Os') ? 'linux/amd64' : '28.0.0'
  if (verb === 'info')
    return JSON.stringify({
      ID: model.daemon,
      CgroupVersion: model.cgroup,
      MemTotal: 16e9,
      NCPU: 4,
      ServerVersion: '28.0.0',
    })
  if (verb === 'ps') return list(model, rest)
  if (verb === 'image') return inspectImage(model, rest.at(-1), rest.includes('{{json .}}'))
  if (verb === 'inspect') return inspect(model, rest)
  if (verb === 'pull') return pull(model, rest.at(-1))
  if (verb === 'start') return start(model, rest.at(-1))
  if (verb === 'run') return runBeside(model, rest, input)
  if (verb === 'restart') return restart(model, rest.at(-1))
  if (verb === 'rm') return remove(model, rest.at(-1))
  if (verb === 'create') return createContainer(model, rest)
  if (verb === 'save') return save(model, rest)
  if (verb === 'logs') return `[NOTICE] ${container(model, rest.at(-1)).image} started`
  if (verb === 'cp') return copyInto(model, rest)
  if (verb === 'exec') return execute(model, rest, input)
  return fail(`docker: '${verb}' is not a docker command.`)
}

function list(model, args) {
  const filter = flag(args, '--filter') ?? ''
  const format = flag(args, '--format')
  const cluster = /^label=io\.x-k8s\.kind\.cluster=(.*)$/.exec(filter)?.[1]
  const name = /^name=\^\/\?(.*)\$$/.exec(filter)?.[1]
  return Object.entries(model.containers)
    .filter(
      ([own, c]) => (cluster === undefined || c.cluster === cluster) && (name === undefined || own === name),
    )
    .map(([own, c]) =>
      args.includes('--quiet')
        ? own
        : format.includes('{{.Label')
          ? `${own}\t${c.labels?.['hopmeter.dev/session'] ?? ''}`
          : `${own}\t${c.running ? 'running' : 'exited'}\t${c.mounts.join(',')}`,
    )
    .join('\n')
}

function inspectImage(model, image, isJson = false) {
  if (!model.images.includes(image)) fail(`Error response from daemon: No such image: ${image}`)
  if (!isJson) return 'sha256:0000'
  const [name] = image.split(':')
  return JSON.stringify({ Id: imageId(image), RepoDigests: [`${name}@${imageId(image)}`] })
}

/** What a registry has comes to Docker. */
function pull(model, image) {
  if (!model.registry?.includes(image)) fail('Error response from daemon: no network here')
  model.images.push(image)
  return image
}

/** An archive is the names of its images. */
function save(model, args) {
  if (model.savesWholeOnly) fail('unknown flag: --platform')
  const [file, ...images] = args.slice(args.indexOf('--output') + 1)
  for (const image of images) inspectImage(model, image)
  writeFileSync(file, images.join('\n'))
  return ''
}

function container(model, name) {
  return model.containers[name] ?? fail(`Error response from daemon: No such container: ${name}`)
}

/** With `--format` the address only, as hopmeter asks for it; else all that it reads of a container. */
function inspect(model, args) {
  const found = container(model, args.at(-1))
  if (flag(args, '--format') === '{{.State.Pid}}') return String(found.pid ?? 0)
  if (flag(args, '--format')) return found.address
  const { running, address, labels = {}, image, nodeImage, hostPort } = found
  const runs = image ?? nodeImage
  const ports =
    hostPort === undefined ? {} : { '9999/tcp': [{ HostIp: '127.0.0.1', HostPort: String(hostPort) }] }
  return JSON.stringify([
    {
      Image: runs === undefined ? undefined : imageId(runs),
      State: { Running: running },
      Config: { Image: image, Labels: labels },
      NetworkSettings: {
        Networks: { kind: { IPAddress: running ? address : '' } },
        Ports: running ? ports : {},
      },
    },
  ])
}

function start(model, name) {
  const found = container(model, name)
  found.running = true
  if (found.image === undefined) return name
  found.target = /^\s*server node (\S+)$/m.exec(found.config ?? '')?.[1]
  if (found.target === undefined) {
    found.running = false
    fail(`Error response from daemon: container ${name} exited: no configuration`)
  }
  const pid = startProcess(model, name, [haproxy, model.folder, name, String(found.hostPort)])
  waitForPort(found.hostPort, pid)
  return name
}

/** `ip` in the network of another container, which is gone with that container's next start. */
function runBeside(model, args, input) {
  if (args.includes('--privileged')) return inspectImage(model, args.at(-1))
  const of = /^container:(.+)$/.exec(flag(args, '--network'))?.[1]
  const found = container(model, of)
  if (!found.running) fail(`cannot join network of a non running container: ${of}`)
  if (flag(args, '--entrypoint') !== 'ip') fail('exec: not found in $PATH', 127)
  found.routes ??= []
  const network = { routes: found.routes }
  const answer = ip(network, args.slice(args.indexOf('--entrypoint') + 3), input)
  found.routes = network.routes
  return answer
}

function restart(model, name) {
  endProcess(model, name)
  container(model, name).running = false
  delete container(model, name).routes
  return start(model, name)
}

function remove(model, name) {
  container(model, name)
  endProcess(model, name)
  delete model.containers[name]
  return name
}

function createContainer(model, args) {
  const name = flag(args, '--name')
  if (model.containers[name])
    fail(`Error response from daemon: Conflict. The container name "/${name}" is already in use`)
  const labels = Object.fromEntries(
    args.flatMap((arg, i) => (arg === '--label' ? [args[i + 1].split('=')] : [])),
  )
  const image = model.images.find((own) => args.includes(own))
  if (image === undefined) fail('Unable to find image locally: no network here')
  // Below those that the system gives to outgoing connections.
  const hostPort = 10_000 + ((model.agentPort * 7 + model.nextUid++) % 20_000)
  model.containers[name] = {
    running: false,
    mounts: [],
    labels,
    image,
    hostPort,
    address: nextAddress(model),
  }
  return 'f00d'
}

/** Files of an image are those of a folder that a test names. */
function copyOutOf(model, name, from, to) {
  const { image } = container(model, name)
  const file = path.join(model.imageFiles?.[image] ?? '/nowhere', from)
  if (!existsSync(file))
    fail(`Error response from daemon: Could not find the file ${from} in container ${name}`)
  cpSync(file, to)
  return ''
}

function copyInto(model, [file, to]) {
  if (file.includes(':')) return copyOutOf(model, ...file.split(':'), to)
  if (!existsSync(file)) fail(`lstat ${file}: no such file or directory`)
  container(model, to.split(':')[0]).config = readFileSync(file, 'utf8')
  return ''
}

function execute(model, args, input) {
  const words = args.filter((word) => word !== '--interactive')
  const [name, program, ...rest] = words
  const found = container(model, name)
  if (!found.running) fail(`Error response from daemon: container ${name} is not running`)
  const node = found.node
  if (!node) fail('not a node')
  if (program === 'crictl' && rest[0] === 'pods') return sandboxes(model, name)
  if (program === 'crictl' && rest[0] === 'inspectp') return sandbox(model, name, rest.at(-1))
  if (program === 'readlink') return readlinkSync(rest[0])
  if (program === 'crictl') return crictl(model, name, rest)
  if (program === 'nsenter') return nsenter(model, name, rest)
  if (program === 'bash') return guardWithoutInput(model, name)
  if (program === 'iptables') return iptables(node, rest)
  if (program === 'bridge') return bridge(node, rest, input)
  if (program === 'ip') return ip(node, rest, input)
  if (program === 'find') return cpuFiles(model, name).join('\n')
  if (program === 'grep') return cpuOf(model, name, rest.slice(2))
  return fail(`OCI runtime exec failed: "${program}": executable file not found in $PATH`, 127)
}

/** Its input ends at once, so all that it does is to let everything run. */
function guardWithoutInput(model, name) {
  setFrozen(model, name, false)
  return JSON.stringify({ type: 'ready' })
}

/** Groups of the pods of a node, as the kubelet names them with systemd's driver and version 2. */
function cpuFiles(model, nodeName) {
  return podsOn(model, nodeName).map(
    ({ metadata }) =>
      `/sys/fs/cgroup/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod${metadata.uid.replaceAll('-', '_')}.slice/cpu.stat`,
  )
}

function sandboxes(model, nodeName) {
  const items = podsOn(model, nodeName).map(({ metadata }) => ({
    id: metadata.uid,
    state: 'SANDBOX_READY',
    metadata: { name: metadata.name, namespace: metadata.namespace },
  }))
  return JSON.stringify({ items })
}

/** Fake pods have no process of their own; a test may give a node's pods one. */
function sandbox(model, nodeName, id) {
  const pod = podsOn(model, nodeName).find(({ metadata }) => metadata.uid === id)
  if (!pod) fail(`no sandbox ${id}`)
  return JSON.stringify({
    status: { network: { ip: pod.status.podIP } },
    info: { pid: model.containers[nodeName].podPid },
  })
}

function podsOn(model, nodeName) {
  const cluster = model.clusters[model.containers[nodeName].cluster]
  return Object.values(cluster.objects).filter(
    ({ kind, metadata, spec }) => kind === 'Pod' && metadata.uid && spec?.nodeName === nodeName,
  )
}

/** Time since its start stands for what a pod used. */
function cpuOf(model, nodeName, files) {
  const pods = podsOn(model, nodeName)
  return cpuFiles(model, nodeName)
    .flatMap((file, i) => {
      const usec = Math.max(0, Date.now() - Date.parse(pods[i].status.startTime)) * 10
      return files.includes(file)
        ? [
            `usage_usec ${usec}`,
            `user_usec ${usec}`,
            'system_usec 0',
            'nr_throttled 0',
            'throttled_usec 0',
          ].map((line) => `${file}:${line}`)
        : []
    })
    .join('\n')
}

function bridge(node, args, input) {
  if (args.includes('show')) return (node.fdb ?? []).map((line) => `${line} self permanent`).join('\n')
  for (const line of input.split('\n').filter(Boolean)) {
    const [, , mac, ...rest] = line.split(' ')
    node.fdb = [...(node.fdb ?? []).filter((own) => !own.startsWith(mac)), [mac, ...rest].join(' ')]
  }
  return ''
}

function iptables(node, args) {
  const chain = args[3]
  if (chain !== 'KIND-MASQ-AGENT') fail('iptables: No chain/target/match by that name.')
  if (args[2] === '-S') {
    return ['-N KIND-MASQ-AGENT', ...node.nat].join('\n')
  }
  if (args[2] === '-I') {
    node.nat.unshift(`-A ${chain} ${args.slice(5).join(' ')}`)
    return ''
  }
  return fail(`iptables: bad arguments: ${args.join(' ')}`)
}

function ip(node, args, input) {
  if (args.includes('route') && args.includes('show')) return JSON.stringify(node.routes)
  if (args.includes('link') && args.includes('show')) {
    return JSON.stringify(['eth0', ...(node.links ?? [])].map((ifname) => ({ ifname })))
  }
  if (args.includes('-batch')) {
    for (const line of input.split('\n').filter(Boolean)) ipLine(node, line.split(' '))
    return ''
  }
  if (args[0] === 'link' && args[1] === 'delete') {
    if (!node.links?.includes(args[2])) fail(`Cannot find device "${args[2]}"`)
    node.fdb = []
    node.routes = node.routes.filter((route) => route.dev !== args[2])
    node.links = node.links.filter((link) => link !== args[2])
    return ''
  }
  return fail(`Command "${args.join(' ')}" is unknown`)
}

function ipLine(node, words) {
  const [object, verb, ...rest] = words
  if (object === 'link' && verb === 'add') {
    node.links = [...(node.links ?? []), rest[0]]
    return
  }
  if (object !== 'route') return
  const type = rest[0] === 'unreachable' ? 'unreachable' : undefined
  const dst = type ? rest[1] : rest[0]
  const others = node.routes.filter((route) => route.dst !== dst)
  if (verb === 'delete') {
    if (others.length === node.routes.length) fail('RTNETLINK answers: No such process', 2)
    node.routes = others
    return
  }
  const gateway = rest[rest.indexOf('via') + 1]
  const dev = rest.includes('dev') ? rest[rest.indexOf('dev') + 1] : 'eth0'
  node.routes = [...others, type ? { type, dst } : { dst, gateway, dev }]
}
