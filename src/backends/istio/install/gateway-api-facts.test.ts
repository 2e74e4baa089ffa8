import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { pinsFor } from '../../versions.ts'
import { gatewayApiFacts } from './gateway-api-facts.ts'

test('a result says which CRDs were applied: to the byte where they are a file, else that it is not known', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'hopmeter-crds-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const pins = pinsFor('1.31.0')
  const facts = (gatewayApi?: string) => gatewayApiFacts({ pins, options: { gatewayApi } })
  const file = path.join(folder, 'crds.yaml')
  const text = 'annotations:\n    gateway.networking.k8s.io/bundle-version: v1.4.1\n'
  writeFileSync(file, text)
  const gatewayApiSha256 = createHash('sha256').update(text).digest('hex')
  expect(facts(file)).toEqual({ gatewayApi: 'v1.4.1', gatewayApiSha256 })
  expect(facts()).toEqual({ gatewayApi: pins.gatewayApi, gatewayApiSha256: 'unknown' })
  expect(facts(folder)).toEqual({ gatewayApi: 'v1.4.1', gatewayApiSha256 })
  writeFileSync(path.join(folder, 'more.yml'), 'kind: X\n')
  writeFileSync(path.join(folder, 'readme.md'), 'not applied')
  const both = createHash('sha256').update(`${text}kind: X\n`).digest('hex')
  expect(facts(folder)).toEqual({ gatewayApi: 'v1.4.1', gatewayApiSha256: both })
  const empty = path.join(folder, 'empty')
  mkdirSync(empty)
  for (const other of [empty, 'https://mirror.test/crds.yaml', path.join(folder, 'none')])
    expect(facts(other)).toEqual({ gatewayApi: 'unknown', gatewayApiSha256: 'unknown' })
})
