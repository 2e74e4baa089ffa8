import { expect, test } from 'vitest'
import { versionNumbers } from '../../versions.ts'
import { saidVersion, toolDoubt, toolProblem } from './tool-versions.ts'
import type { ToolName } from './toolbox.ts'

type Verdict = 'ok' | 'too old' | 'not known'

const kubectl = (clientVersion: object) => JSON.stringify({ clientVersion })

test.for<[ToolName, string, string, Verdict]>([
  ['docker', '28.0.0\n', '28.0.0', 'ok'],
  ['docker', '20.10.24+dfsg1', '20.10.24+dfsg1', 'ok'],
  ['docker', '5:26.1.5+dfsg1-9~deb13u1', '5:26.1.5+dfsg1-9~deb13u1', 'ok'],
  ['docker', '24.0.5-0ubuntu1~22.04.1', '24.0.5-0ubuntu1~22.04.1', 'ok'],
  ['docker', '27.0.0-rc.2', '27.0.0-rc.2', 'ok'],
  ['docker', '25.0', '25.0', 'ok'],
  ['docker', '19.03.15', '19.03.15', 'too old'],
  ['docker', '18.09.1+dfsg1', '18.09.1+dfsg1', 'too old'],
  ['docker', 'dev', 'dev', 'not known'],
  ['docker', 'unknown', 'unknown', 'not known'],
  ['docker', '0.0.0-dev', '0.0.0-dev', 'not known'],
  ['docker', '4f2a9c1', '4f2a9c1', 'not known'],
  ['docker', '2.3f4b', '2.3f4b', 'not known'],
  ['docker', '', 'unknown', 'not known'],
  ['docker', '<no value>', 'unknown', 'not known'],
  ['docker', '\u001B]0;28.0.0\u0007', 'unknown', 'not known'],
  ['kind', 'kind v0.30.0 go1.24.6 linux/amd64', '0.30.0', 'ok'],
  ['kind', 'kind v0.30.0-alpha go1.24.6 linux/amd64', '0.30.0-alpha', 'ok'],
  ['kind', 'kind v0.31.0-alpha+1a2b3c4d5e6f go1.25 darwin/arm64', '0.31.0-alpha+1a2b3c4d5e6f', 'ok'],
  ['kind', 'kind version 0.27.0', '0.27.0', 'ok'],
  ['kind', 'kind v0.11.1 go1.16.4 linux/amd64', '0.11.1', 'too old'],
  ['kind', 'kind unknown go1.24.6 linux/amd64', 'unknown', 'not known'],
  ['kind', 'kind (devel) go1.24.6 linux/amd64', 'unknown', 'not known'],
  ['kubectl', kubectl({ gitVersion: 'v1.34.0' }), '1.34.0', 'ok'],
  ['kubectl', kubectl({ gitVersion: 'v1.33.4-dispatcher' }), '1.33.4-dispatcher', 'ok'],
  ['kubectl', kubectl({ gitVersion: 'v1.32.3+k3s1' }), '1.32.3+k3s1', 'ok'],
  ['kubectl', kubectl({ gitVersion: 'v1.20.2' }), '1.20.2', 'too old'],
  ['kubectl', kubectl({ gitVersion: 'v0.0.0-master+$Format:%H$' }), 'unknown', 'not known'],
  [
    'kubectl',
    kubectl({ gitVersion: 'v0.0.0-master+0', major: '', minor: '' }),
    '0.0.0-master+0',
    'not known',
  ],
  ['kubectl', kubectl({ gitVersion: 'unknown', major: '1', minor: '30+' }), '1.30+', 'ok'],
  ['kubectl', kubectl({ gitVersion: 'unknown', major: '1', minor: '20+' }), '1.20+', 'too old'],
  ['kubectl', kubectl({ gitVersion: 5 }), 'unknown', 'not known'],
  ['kubectl', '{}', 'unknown', 'not known'],
  ['kubectl', 'null', 'unknown', 'not known'],
  ['kubectl', 'Client Version: v1.34.0', 'unknown', 'not known'],
])('%s that says %j is %s: %s', ([name, text, version, verdict]) => {
  expect(saidVersion(name, text)).toBe(version)
  expect(toolProblem(name, version) !== undefined).toBe(verdict === 'too old')
  expect(toolDoubt(name, version) !== undefined).toBe(verdict === 'not known')
})

test.for([
  ['client version: 1.31.0', '1.31.0'],
  ['client version: 1.31-dev\n', '1.31-dev'],
  ['client version: 1.31-alpha.0f1e2d', '1.31-alpha.0f1e2d'],
  ['1.27.9', '1.27.9'],
  ['client version: unknown', 'unknown'],
  ['unknown', 'unknown'],
  ['', 'unknown'],
] as const)('istioctl that says %j is %s', ([text, version]) => {
  expect(saidVersion('istioctl', text)).toBe(version)
  // Which one it is to be is known to the mesh only.
  expect([toolProblem('istioctl', version), toolDoubt('istioctl', version)]).toEqual([undefined, undefined])
})

test('numbers of a version are those at its beginning', () => {
  expect(['v1.31.0-rc.0', '1.31-dev', 'go1.24', '0.0.0', '28', 'v2'].map(versionNumbers)).toEqual([
    ...['1.31.0', '1.31'],
    ...[undefined, undefined, undefined, undefined],
  ])
})
