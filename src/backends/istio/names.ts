export const systemNamespace = 'istio-system'
export const networkLabel = 'topology.istio.io/network'
/** Name and service account of the gateway: clients of other networks verify `…/sa/istio-eastwestgateway`. */
export const gatewayName = 'istio-eastwestgateway'
export const gatewayClass = 'istio-east-west'
/** On pods of a gateway. */
export const gatewayLabel = 'gateway.networking.k8s.io/gateway-name'
export const hbonePort = 15008

const trustDomain = 'cluster.local'

export function spiffeId(namespace: string, serviceAccount: string): string {
  return `spiffe://${trustDomain}/ns/${namespace}/sa/${serviceAccount}`
}
