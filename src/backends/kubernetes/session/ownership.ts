/** On everything that hopmeter makes in a cluster, and on its containers. */
export const sessionLabel = 'hopmeter.dev/session'
