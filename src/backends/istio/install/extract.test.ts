import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { EnvironmentError, HopmeterError } from '../../../errors.ts'
import { FakeCluster } from '../../kubernetes/testing/fake-cluster.ts'
import { quiet } from '../../kubernetes/testing/lives.ts'
import { toolsFolder } from '../../kubernetes/tools/folders.ts'
import { programChecks } from '../../program-checks.ts'
import { extractPrograms } from '../../registry.ts'
import { extractForwarders, type ExtractOptions } from './extract.ts'

const hub = 'registry.istio.io/release'
const answers = {
  ztunnel: `echo 'version.BuildInfo{Version:"abc", GitRevision:"d", RustVersion:"1.90", BuildProfile:"release", BuildStatus:"Clean", GitTag:"", IstioVersion:"1.31.0"}'`,
  envoy: `echo 'envoy  version: abcdef0123456789abcdef0123456789abcdef01/1.39.3/Clean/RELEASE/BoringSSL'`,
} as const

let fake: FakeCluster
beforeEach(async () => {
  fake = await FakeCluster.make()
})
afterEach(() => fake.close())

/** Images whose programs say what Istio's say. */
function publish(names: { readonly ztunnel: string; readonly envoy: string }, where: 'images' | 'registry') {
  for (const [program, image] of Object.entries(names)) {
    const folder = path.join(fake.folder, 'files-of-images', image.replaceAll('/', '_'))
    const bin = path.join(folder, 'usr/local/bin')
    mkdirSync(bin, { recursive: true })
    const file = path.join(bin, program)
    writeFileSync(file, `#!/bin/sh\n${answers[program as keyof typeof answers]}\n# ${image}\n`)
    chmodSync(file, 0o600)
    fake.model((model) => {
      model.images = model.images.filter((own) => own !== image)
      model.registry = [...(model.registry ?? []), image]
      if (where === 'images') model.images.push(image)
      model.imageFiles = { ...model.imageFiles, [image]: folder }
    })
  }
}

const release = { ztunnel: `${hub}/ztunnel:1.31.0-distroless`, envoy: `${hub}/proxyv2:1.31.0-distroless` }

function options(more: Partial<ExtractOptions> = {}): ExtractOptions {
  return { ...fake.options, ...quiet, execute: fake.inProcess(), ...more }
}

describe('programs out of images', () => {
  test('are copied, can be run, and have the digest of their image beside them', async () => {
    publish(release, 'registry')
    const execute = fake.inProcess()
    const programs = await extractPrograms({ istio: '1.31' }, options({ execute }))
    expect(programs.map(({ program, version }) => [program, version])).toEqual([
      ['ztunnel', '1.31.0'],
      ['envoy', '1.39.3'],
    ])
    for (const { program, path: file, image, digest } of programs) {
      expect(image).toBe(release[program])
      expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
      const record = JSON.parse(readFileSync(`${file}.json`, 'utf8')) as object
      expect(record).toMatchObject({ program, image, digest })
      expect(readFileSync(file, 'utf8')).toContain(image)
    }
    expect(execute.log.filter((line) => /^docker (run|start|exec)\b/.test(line))).toEqual([])
    expect(fake.leftovers().containers).toEqual([])
    expect(readdirSync(path.dirname(programs[0]!.path)).toSorted()).toEqual([
      'envoy',
      'envoy.json',
      'ztunnel',
      'ztunnel.json',
    ])
  })

  test('are taken from the cache the next time, without Docker, and again with --force', async () => {
    publish(release, 'images')
    const first = await extractForwarders({ istio: '1.31.0' }, options())
    const without = fake.inProcess({ isStruck: () => true, fault: 'fail' })
    expect(await extractForwarders({ istio: '1.31.0' }, options({ execute: without }))).toEqual(first)
    expect(without.log).toEqual([])
    const again = fake.inProcess()
    await extractForwarders({ istio: '1.31.0' }, options({ execute: again, force: true }))
    expect(again.log.filter((line) => line.startsWith('docker cp'))).toHaveLength(2)
  })

  test('of a registry and tag of one’s own are kept apart, with a tag without variant', async () => {
    publish(release, 'images')
    const own = { ztunnel: 'localhost:5000/me/ztunnel:1.31.0', envoy: 'localhost:5000/me/proxyv2:1.31.0' }
    publish(own, 'images')
    const [theirs] = await extractForwarders({ istio: '1.31.0' }, options())
    const choice = { istio: '1.31.0', istioHub: 'localhost:5000/me', istioTag: '1.31.0' }
    const [mine] = await extractForwarders(choice, options())
    expect(mine?.image).toBe(own.ztunnel)
    expect(mine?.path).not.toBe(theirs?.path)
    expect(readFileSync(theirs!.path, 'utf8')).toContain(release.ztunnel)
  })

  test('that were changed in the cache are not used', async () => {
    publish(release, 'images')
    const [ztunnel] = await extractForwarders({ istio: '1.31.0' }, options())
    writeFileSync(ztunnel!.path, '#!/bin/sh\nexit 0\n')
    await expect(extractForwarders({ istio: '1.31.0' }, options())).rejects.toThrow(
      /is not the file that was copied out of \S+: its sha256 is/,
    )
  })

  test('that are no programs of Istio are refused with what they say', async () => {
    publish(release, 'images')
    fake.model(({ imageFiles }) => {
      const file = path.join(imageFiles![release.ztunnel]!, 'usr/local/bin/ztunnel')
      writeFileSync(file, '#!/bin/sh\necho I am something else\n')
    })
    await expect(extractPrograms({ istio: '1.31.0' }, options())).rejects.toThrow(
      /is no ztunnel: .*something else/,
    )
  })
})

describe('an extraction that cannot be', () => {
  test('for want of docker says how to get it', async () => {
    const before = process.env['PATH']
    process.env['PATH'] = path.join(fake.folder, 'nothing-here')
    const missing = extractForwarders({ istio: '1.31.0' }, { ...fake.options, ...quiet })
    await missing.catch(() => {})
    process.env['PATH'] = before
    // Where a docker is installed system-wide it is found all the same, and does not answer or has no such image.
    await expect(missing).rejects.toThrow(EnvironmentError)
    await expect(missing).rejects.toMatchObject({ hint: expect.stringMatching(/docker/) as string })
  })

  test('for want of an image says which were looked for, and leaves nothing', async () => {
    fake.model((model) => {
      model.images = []
    })
    const refused = extractForwarders({ istio: '1.31.0' }, options())
    await expect(refused).rejects.toThrow(
      `there is no image ${hub}/ztunnel:1.31.0-distroless or ${hub}/ztunnel:1.31.0, and it could not be pulled`,
    )
    await expect(refused).rejects.toMatchObject({ hint: expect.stringContaining('--istio-hub') as string })
    expect(fake.leftovers().containers).toEqual([])
  })

  test.each(['fail', 'hang', 'rubbish'] as const)(
    'because of any call of docker that strikes (%s) is a named error that leaves no container and no half program',
    async (fault) => {
      publish(release, 'registry')
      const whole = fake.inProcess()
      await extractForwarders({ istio: '1.31.0' }, options({ execute: whole }))
      const calls = [
        ...new Set(
          whole.log.map((line) =>
            line
              .split(' ')
              .slice(0, 3)
              .join(' ')
              .replace(/ hopmeter-extract-.*/, ''),
          ),
        ),
      ]
      expect(calls.length).toBeGreaterThanOrEqual(5)
      for (const call of calls) {
        publish(release, 'registry')
        rmSync(toolsFolder(fake.options.cacheRoot), { recursive: true, force: true })
        const execute = fake.inProcess({ isStruck: (shown) => shown.startsWith(call), fault })
        const error: unknown = await extractForwarders({ istio: '1.31.0' }, options({ execute })).then(
          () => undefined,
          (e: unknown) => e,
        )
        const folder = path.join(toolsFolder(fake.options.cacheRoot), 'istio-1.31.0')
        const names = existsSync(folder) ? readdirSync(folder) : []
        const half = names.filter((name) => name.startsWith('extract-'))
        const isNamed = error === undefined || error instanceof HopmeterError
        // A container that could not be removed is the one thing that cannot be helped.
        const containers = call.startsWith('docker rm') ? [] : fake.leftovers().containers
        expect({ call, half, isNamed, containers }).toEqual({ call, half: [], isNamed: true, containers: [] })
        fake.model((model) => {
          model.containers = {}
        })
      }
    },
  )
})

test('doctor says which programs of others are there, and how to get those that are not', async () => {
  const before = await programChecks({}, fake.options.cacheRoot)
  expect(before.find(({ name }) => name === 'ztunnel (optional)')).toMatchObject({
    ok: false,
    remedy: expect.stringMatching(/^hopmeter tools extract --istio \d/) as string,
  })
  publish(release, 'images')
  await extractForwarders({ istio: '1.31.0' }, options())
  const after = await programChecks({ envoy: ['/nowhere/envoy'] }, fake.options.cacheRoot)
  expect(after.find(({ name }) => name === 'ztunnel (optional)')).toMatchObject({
    ok: true,
    detail: expect.stringContaining('istio-1.31.0/ztunnel') as string,
  })
  expect(after.find(({ name }) => name === 'envoy (optional)')).toMatchObject({
    ok: false,
    detail: expect.stringContaining('/nowhere/envoy') as string,
  })
})
