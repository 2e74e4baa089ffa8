/** A tunnel that could not be opened. The message has no ephemeral port in it, so equal causes read equal. */
export class TunnelError extends Error {
  override name = 'TunnelError'
}

/** Why a connection failed, short and the same for every failure of the same kind. */
export function reasonOf(error: unknown): string {
  if (error instanceof TunnelError) return error.message
  if (!(error instanceof Error)) return String(error)
  const code = (error as NodeJS.ErrnoException).code
  return code ?? error.message
}
