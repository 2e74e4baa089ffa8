import type { ComponentKind } from '../../topology/model.ts'
import type { Theme } from './theme.ts'

/** Fill of a component and the text colour that is readable on it (4.5:1 or better). */
export function componentColor(theme: Theme, kind: ComponentKind): { fill: string; text: string } {
  return { fill: fills[theme.name][kind], text: theme.name === 'light' ? '#ffffff' : '#14181d' }
}

const fills: Readonly<Record<Theme['name'], Readonly<Record<ComponentKind, string>>>> = {
  light: {
    'client-pod': '#4b5563',
    'server-pod': '#4b5563',
    ztunnel: '#0069a6',
    'east-west-gateway': '#b04a00',
    'load-balancer': '#8f3c72',
  },
  dark: {
    'client-pod': '#b9c0c8',
    'server-pod': '#b9c0c8',
    ztunnel: '#4da9e8',
    'east-west-gateway': '#ff8a45',
    'load-balancer': '#e29ac4',
  },
}
