import { isComponent, loadBalancerKinds } from '../../topology/load-balancers.ts'
import type { Pen } from './pen.ts'
import { line, plateText } from './pen.ts'
import type { Stage } from './stage.ts'
import { cleanText, cssFont, ellipsize, fittingFont, fontSize, space } from './stage.ts'
import { seriesStyle } from './theme.ts'
import { componentColor } from './topology-colors.ts'
import type { TopologyCluster, TopologyModel, Box } from './topology-model.ts'

/** Points of height that {@link drawMap} needs. */
export function mapHeight(model: TopologyModel, stage: Stage): number {
  const rows = Math.max(1, ...model.clusters.map((cluster) => 1 + chipsOf(cluster).length))
  const cell = clusterHead(stage) + rows * (chipHeight(stage) + space(stage, 6)) + space(stage, 4)
  const network = networkHead(stage) + cell + fontSize(stage, 14)
  return (model.delays.length + model.routes.length) * laneHeight(stage) + network + space(stage, 22)
}

function laneHeight(stage: Stage): number {
  return fontSize(stage, 24)
}

function chipHeight(stage: Stage): number {
  return fontSize(stage, 12.5) * 1.75
}

/** Height of a network's name. */
function networkHead(stage: Stage): number {
  return fontSize(stage, 13) * 2.3
}

/** Height of a cluster's name. */
function clusterHead(stage: Stage): number {
  return fontSize(stage, 15) * 1.9
}

/** Networks as frames, clusters as boxes in them, routes as brackets below, delays as brackets above. */
export function drawMap(stage: Stage, pen: Pen, model: TopologyModel, area: Box): void {
  const networks = [...new Set(model.clusters.map((c) => c.network))]
  const lane = laneHeight(stage)
  const above = model.delays.length * lane
  const frames = placeNetworks(stage, model, networks, {
    ...area,
    top: area.top + above,
    bottom: area.bottom - model.routes.length * lane - space(stage, 22),
  })
  const clusters = new Map<string, Box>()
  for (const [index, { network, box, members }] of frames.entries()) {
    drawNetwork(stage, pen, network, index, box)
    for (const [place, cluster] of members.entries()) {
      const cell = cellOf(stage, box, place, members.length)
      clusters.set(cluster.name, cell)
      drawCluster(stage, pen, cluster, cell)
    }
  }
  for (const [index, route] of model.routes.entries()) {
    const ends = route.between.map((name) => clusters.get(name))
    const [from, to] = ends
    if (!from || !to) continue
    const text = `pod CIDRs routed${route.isOneWay ? ' one way' : ''} (${cleanText(route.mode)})`
    const y = area.bottom - space(stage, 20) - (model.routes.length - 1 - index) * lane
    drawBracket(stage, pen, { from, to, y, side: 'bottom' }, text, {
      isOneWay: route.isOneWay ?? false,
      index,
    })
  }
  for (const [index, delay] of model.delays.entries()) {
    const [from, to] = delay.between.map((name) => frames.find((f) => f.network === name)?.box)
    if (!from || !to) continue
    const y = area.top + lane / 2 + index * lane
    drawBracket(stage, pen, { from, to, y, side: 'top' }, `${delay.rttMs} ms round trip`, {
      isOneWay: false,
      index,
    })
  }
}

function placeNetworks(stage: Stage, model: TopologyModel, networks: readonly string[], area: Box) {
  const gap = fontSize(stage, 28)
  const unit = (area.right - area.left - gap * (networks.length - 1)) / Math.max(1, model.clusters.length)
  let left = area.left
  return networks.map((network) => {
    const members = model.clusters.filter((c) => c.network === network)
    const box = { ...area, left, right: left + unit * members.length }
    left = box.right + gap
    return { network, members, box }
  })
}

function cellOf(stage: Stage, box: Box, place: number, count: number): Box {
  const pad = fontSize(stage, 14)
  const width = (box.right - box.left - pad * (count + 1)) / count
  const left = box.left + pad + place * (width + pad)
  return { left, right: left + width, top: box.top + networkHead(stage), bottom: box.bottom - pad }
}

function drawNetwork(stage: Stage, pen: Pen, network: string, index: number, box: Box): void {
  const { color } = seriesStyle(stage.theme, index)
  pen.lineWidth = 1.6
  pen.strokeStyle = color
  pen.fillStyle = stage.theme.surface
  pen.beginPath()
  pen.roundRect(box.left, box.top, box.right - box.left, box.bottom - box.top, 10)
  pen.fill()
  pen.stroke()
  const font = cssFont(stage, 13, 'bold')
  pen.font = font
  pen.fillStyle = stage.theme.text
  pen.textAlign = 'left'
  pen.textBaseline = 'middle'
  const text = ellipsize(stage, `network ${cleanText(network)}`, font, box.right - box.left - 24)
  pen.fillText(text, box.left + fontSize(stage, 14), box.top + networkHead(stage) / 2 + 1)
}

function drawCluster(stage: Stage, pen: Pen, cluster: TopologyCluster, box: Box): void {
  pen.lineWidth = 1
  pen.strokeStyle = stage.theme.axis
  pen.fillStyle = stage.theme.background
  pen.beginPath()
  pen.roundRect(box.left, box.top, box.right - box.left, box.bottom - box.top, 6)
  pen.fill()
  pen.stroke()
  const width = box.right - box.left - fontSize(stage, 20)
  const x = box.left + space(stage, 10)
  let y = box.top + fontSize(stage, 17)
  pen.textAlign = 'left'
  pen.textBaseline = 'middle'
  const bold = cssFont(stage, 15, 'bold')
  pen.font = bold
  pen.fillStyle = stage.theme.text
  pen.fillText(ellipsize(stage, cleanText(cluster.name) || '(no name)', bold, width), x, y)
  y = box.top + clusterHead(stage)
  const height = chipHeight(stage)
  const rows = [nodeChips(stage, cluster, width), ...chipsOf(cluster).map((chip) => [chip])]
  for (const chips of rows) {
    const gap = space(stage, 6)
    const each = (width - gap * (chips.length - 1)) / chips.length
    for (const [index, { text, kind }] of chips.entries()) {
      const left = x + index * (each + gap)
      const place = { left, top: y, right: left + each, bottom: y + height }
      drawChip(stage, pen, place, text, componentColor(stage.theme, kind))
    }
    y += height + space(stage, 6)
  }
}

/** A ztunnel on each node, side by side where there is room for that. */
function nodeChips(stage: Stage, { nodes }: TopologyCluster, width: number) {
  const kind = 'ztunnel' as const
  const each = width / nodes - space(stage, 6) - 8
  const fits = stage.measure('node 1: ztunnel', cssFont(stage, 12)) <= each
  if (fits || nodes === 1) {
    return Array.from({ length: nodes }, (_, index) => ({ text: `node ${index + 1}: ztunnel`, kind }))
  }
  const text = `${nodes} nodes, a ztunnel each`
  return [{ text: stage.measure(text, cssFont(stage, 12)) <= width ? text : `${nodes} × ztunnel`, kind }]
}

function chipsOf({ gateway }: TopologyCluster) {
  if (!gateway) return []
  const { entrance } = loadBalancerKinds[gateway.loadBalancer]
  const entry = entrance === undefined ? 'east-west gateway' : `east-west gateway, ${entrance}`
  // In the order in which a request comes in.
  return [
    ...(isComponent(gateway.loadBalancer) ? [{ text: 'load balancer', kind: 'load-balancer' as const }] : []),
    { text: entry, kind: 'east-west-gateway' as const },
  ]
}

/** A filled label whose text shrinks to its box. */
export function drawChip(
  stage: Stage,
  pen: Pen,
  box: Box,
  text: string,
  color: { fill: string; text: string },
): void {
  pen.fillStyle = color.fill
  pen.beginPath()
  pen.roundRect(box.left, box.top, box.right - box.left, box.bottom - box.top, 4)
  pen.fill()
  const width = box.right - box.left - 8
  pen.font = fittingFont(stage, text, 12.5, 'normal', width)
  pen.fillStyle = color.text
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.fillText(
    ellipsize(stage, text, pen.font, width),
    (box.left + box.right) / 2,
    (box.top + box.bottom) / 2,
  )
}

function drawBracket(
  stage: Stage,
  pen: Pen,
  place: { from: Box; to: Box; y: number; side: 'top' | 'bottom' },
  text: string,
  { isOneWay, index }: { isOneWay: boolean; index: number },
): void {
  const { from, to, y, side } = place
  // Brackets that end at the same cluster end side by side.
  const shift = (index - 1) * space(stage, 9)
  const x1 = (from.left + from.right) / 2 + shift
  const x2 = (to.left + to.right) / 2 + shift
  pen.strokeStyle = stage.theme.muted
  pen.lineWidth = 1.4
  pen.setLineDash(side === 'top' ? [5, 4] : [])
  line(pen, [x1, from[side]], [x1, y], [x2, y], [x2, to[side]])
  pen.setLineDash([])
  const tip = side === 'top' ? -1 : 1
  const ends = isOneWay
    ? [{ x: x2, box: to }]
    : [
        { x: x1, box: from },
        { x: x2, box: to },
      ]
  if (side === 'bottom') for (const { x, box } of ends) arrowHead(pen, x, box.bottom, tip)
  pen.textAlign = 'center'
  pen.textBaseline = 'middle'
  pen.font = fittingFont(stage, text, 12, 'normal', Math.abs(x2 - x1) - 12)
  pen.fillStyle = stage.theme.text
  plateText(pen, text, (x1 + x2) / 2, y, { color: stage.theme.background, height: fontSize(stage, 14) })
}

function arrowHead(pen: Pen, x: number, y: number, direction: number): void {
  line(pen, [x - 4, y + direction * 6], [x, y], [x + 4, y + direction * 6])
}
