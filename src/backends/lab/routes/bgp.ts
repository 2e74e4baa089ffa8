import { bgpConfigStep, bgpSpeakers } from './bgp-speakers.ts'
import { startSpeaker } from './bgp-wait.ts'
import type { LabRouteMode } from './route-mode.ts'

export const bgpRoutes: LabRouteMode = {
  needs: 'bird',
  tools: ['bird'],
  configSteps: (layout) => [bgpConfigStep(layout)],
  programs: {
    what: 'BIRD on each node',
    of: (layout) =>
      bgpSpeakers(layout).map((speaker) => ({
        commands: [speaker.start],
        start: ({ anchor }, signal) => startSpeaker(anchor, speaker, signal),
      })),
  },
}
