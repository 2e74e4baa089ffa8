/**
 * What is not on any path but takes CPU time, as the kernel names its processes (15 characters). Istio's own: istiod is
 * `pilot-discovery`. containerd goes on: agents and evidence are reached through it.
 */
export const stilledProcesses: readonly string[] = [
  ...['kube-apiserver', 'etcd', 'kube-controller-manager', 'kube-scheduler', 'kubelet'],
  ...['coredns', 'kindnetd', 'kube-proxy', 'local-path-provisioner'],
  ...['pilot-discovery', 'install-cni'],
].map((name) => name.slice(0, 15))

/** A node that hears nothing of its guard for so long is thawed by it: a little longer than the longest freeze. */
export const guardLimitS = 30

/**
 * For `bash -c SCRIPT NAME LIMIT PROCESS…` inside of a node, where bash is the one program that every node image starts
 * with; no other is used. It answers each line of its input, and lets everything run again at the end of its input,
 * when nobody thaws within the limit, and at its own end: whatever happens to hopmeter, to the client of Docker or to
 * the connection in between, the cluster does not stay frozen. With no input at all it only thaws.
 *
 * Signals rather than the freezer of cgroups: they are the same with both versions of cgroups and whatever a kubelet or
 * systemd calls its groups, kubelet and control plane need no groups of their own, and they were tried on real clusters:
 * p99 less than half, no request lost, nothing restarted afterwards.
 */
export const guardScript = `
LC_ALL=C
limit=$1
shift
names=" $* "
frozen=0
expired=false
find() {
  pids=()
  for file in /proc/[0-9]*/comm; do
    { read -r name <"$file"; } 2>/dev/null || continue
    case "$names" in *" $name "*) file=\${file#/proc/}; pids+=("\${file%/comm}") ;; esac
  done
}
thaw() {
  find
  [ \${#pids[@]} -eq 0 ] || kill -CONT "\${pids[@]}" 2>/dev/null
  frozen=0
}
trap thaw EXIT
trap 'exit 0' HUP INT TERM
echo '{"type":"ready"}'
while :; do
  if [ $frozen -eq 1 ]; then read -r -t "$limit" line; else read -r line; fi
  status=$?
  if [ $status -gt 128 ]; then thaw; expired=true; continue; fi
  [ $status -eq 0 ] || exit 0
  case "$line" in
    *'"freeze"'*)
      find
      [ \${#pids[@]} -eq 0 ] || kill -STOP "\${pids[@]}" 2>/dev/null
      frozen=1
      echo "{\\"type\\":\\"frozen\\",\\"processes\\":\${#pids[@]}}" ;;
    *'"thaw"'*)
      thaw
      echo "{\\"type\\":\\"thawed\\",\\"atS\\":$EPOCHREALTIME,\\"expired\\":$expired}"
      expired=false ;;
  esac
done
`.trim()

/** Arguments of `bash`. */
export function guardArguments(
  limitS: number = guardLimitS,
  processes: readonly string[] = stilledProcesses,
): readonly string[] {
  return ['-c', guardScript, 'hopmeter-guard', String(limitS), ...processes]
}
