export const networkLabel = 'topology.istio.io/network'
export const gatewayClass = 'istio-east-west'
/** On pods of a gateway. */
export const gatewayLabel = 'gateway.networking.k8s.io/gateway-name'
