import { expect, test } from 'vitest'
import {
  compareVersions,
  fullIstioVersion,
  istioVersions,
  kubernetesMinor,
  kubernetesProblem,
  pinsFor,
} from './versions.ts'

test('every Istio gets a node image by digest whose Kubernetes it supports', () => {
  for (const { release, nodeImage, kubernetes } of istioVersions) {
    expect(nodeImage.image).toMatch(/^kindest\/node:v[\d.]+@sha256:[0-9a-f]{64}$/)
    const minor = kubernetesMinor(nodeImage.kubernetes)!
    expect([release, minor >= kubernetes[0] && minor <= kubernetes[1]]).toEqual([release, true])
    expect(kubernetesProblem(release, nodeImage.kubernetes)).toBeUndefined()
  }
  expect(kubernetesProblem('1.27.9', '1.34.0')).toMatch(/supports Kubernetes 1\.29 to 1\.33/)
})

test('a minor version means its pinned release, and unknown ones are refused by name', () => {
  expect(fullIstioVersion('1.31')).toBe('1.31.0')
  expect(fullIstioVersion('1.31.0-rc.0')).toBe('1.31.0-rc.0')
  expect(pinsFor('1.31.0-rc.0').minor).toBe('1.31')
  expect(() => pinsFor('1.19.0')).toThrow(/no pins for Istio 1\.19\.0/)
  expect(() => pinsFor('latest')).toThrow(/no pins/)
})

test('versions compare by number', () => {
  expect(compareVersions('1.9.0', '1.10.0')).toBeLessThan(0)
  expect(compareVersions('v1.34.0', '1.34')).toBe(0)
  expect(compareVersions('20.10.24+dfsg1', '20.10.0')).toBeGreaterThan(0)
})
