/** Context of a life that nobody watches or stops. */
export const quiet = { signal: new AbortController().signal, progress: () => {} }

/** What `FakeCluster.leftovers` says after a whole life. */
export const nothing = { clusters: [], containers: [], processes: [] }

const reads = [
  /^(docker|kind|kubectl|istioctl) version/,
  /^kubectl .*\bget\b/,
  /^kubectl .*\blogs\b/,
  /^kubectl .*\bexec\b.* -- (pilot-agent request GET|node -e) /,
  /^istioctl (remote-clusters|ztunnel-config) /,
  /^kind get /,
  /^docker (ps|inspect|image inspect|info)\b/,
  /^docker exec \S+ (find|grep) /,
  /^docker run .* --entrypoint ip \S+ -json -4 route show/,
  /^docker exec \S+ crictl (inspect|logs) /,
  /^docker exec \S+ nsenter --target \S+ --net curl /,
  /^docker exec \S+ (crictl images|ip -json -4 route show|bridge fdb show|iptables -t nat -S)/,
]

/** Whether a command changes nothing. */
export function isRead(line: string): boolean {
  return reads.some((pattern) => pattern.test(line))
}
