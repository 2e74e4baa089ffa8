import { describe, expect, it } from 'vitest'
import { readYaml } from './yaml-source.ts'
import { changed, problemsOf, validText } from './testing/texts.ts'

describe('what is no plain YAML 1.2 is refused with its place', () => {
  it.each([
    ['nothing', '', '1:1: the document is empty'],
    ['only a comment', '# hello\n', '1:1: the document is empty'],
    ['an open bracket', 'spec: [1,\nkind: x\n', '2:1: Flow sequence'],
    ['a tab for indentation', 'metadata:\n\tname: x\n', '2:1: Tabs are not allowed as indentation'],
    [
      'a second document',
      `${validText}---\n${validText}`,
      '44:1: a scenario file holds one document, here a second one starts',
    ],
    ['a key written twice', changed('  title:', '  name: other\n  title:'), '5:3: key name is written twice'],
    [
      'a tag of its own',
      changed('name: example', 'name: !secret example'),
      '4:17: tag !secret: a scenario is plain YAML, without tags',
    ],
    [
      'a tag of YAML',
      changed('name: example', 'name: !!binary example'),
      '4:18: tag tag:yaml.org,2002:binary: ',
    ],
    [
      'an unknown alias',
      changed('nodes: 2', 'nodes: *two'),
      '12:14: there is no anchor "two" before this alias',
    ],
    ['a list as a key', changed('nodes: 2', '? [nodes]\n      : 2'), '12:9: a key must be plain text'],
    [
      'a merge key',
      changed('nodes: 2', '<<: { nodes: 2 }'),
      '12:7: merge keys (<<) are not part of YAML 1.2; write the fields out',
    ],
    [
      'a __proto__ key',
      changed('nodes: 2', '__proto__: { nodes: 2 }'),
      '12:7: key "__proto__" is not allowed',
    ],
    ['YAML 1.1', `%YAML 1.1\n---\n${validText}`, '1:1: scenarios are YAML 1.2, this file says 1.1'],
    ['a list', '- a\n', '1:1: scenario: expected a map, got a list'],
    ['text', 'hop-ladder\n', '1:1: scenario: expected a map, got "hop-ladder"'],
    ['brackets in brackets', `a: ${'['.repeat(30_000)}`, '1:36: nested too deeply'],
    ['lists in lists', `a:\n${'- '.repeat(30_000)}`, '2:101: nested too deeply'],
    ['keys in keys', '? '.repeat(30_000), '1:101: nested too deeply'],
    [
      'more than 64 KiB',
      `${validText}${'# more\n'.repeat(10_000)}`,
      '1:1: a scenario has at most 64 KiB, this one is larger',
    ],
  ])('%s', (_, text, message) => {
    expect(problemsOf(text)[0]).toContain(message)
  })

  it('yes, no and octal numbers are what YAML 1.2 says they are', () => {
    expect(problemsOf(changed('name: example', 'name: no'))).toEqual([])
    expect(readYaml('a: 010\nb: yes\nc: 0o10').data).toEqual({ a: 10, b: 'yes', c: 8 })
  })

  it('aliases cannot be piled up', () => {
    const levels = Array.from({ length: 9 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}]\n`)
    const bomb = `l0: &l0 lol\n${levels.join('')}`
    expect(problemsOf(bomb)).toEqual([
      expect.stringContaining('aliases stand for more than 32 values; write the values out'),
    ])
    const many = `a: &a x\nb: [${'*a, '.repeat(10_000)}]\n`
    expect(problemsOf(many)[0]).toMatch(/^2:\d+: aliases stand for more than 32 values/)
  })

  it('an alias of what contains it is refused by the schema, not followed for ever', () => {
    expect(problemsOf(changed('clusters:', 'clusters: &all\n    - *all')).length).toBeGreaterThan(0)
    expect(problemsOf('&all\nspec: *all\n').length).toBeGreaterThan(0)
  })
})

describe('locate', () => {
  const yaml = readYaml('a:\n  b: &x [1, { c: 2 }]\n  d:\ne: *x\n')
  it.each([
    ['a value', ['a', 'b', 0], 'value', 2, 10],
    ['a value in a flow map', ['a', 'b', 1, 'c'], 'value', 2, 18],
    ['a key', ['a', 'b', 1, 'c'], 'key', 2, 15],
    ['a field without a value, at its key', ['a', 'd'], 'value', 3, 3],
    ['a missing field, at what should hold it', ['a', 'zz'], 'value', 2, 3],
    ['a missing list entry, at the list', ['a', 'b', 7], 'value', 2, 9],
    ['through an alias, where the value is written', ['e', 1, 'c'], 'value', 2, 18],
    ['the document', [], 'value', 1, 1],
  ] as const)('%s', (_, path, at, line, column) => {
    expect(yaml.locate({ path, at, message: 'm' })).toEqual({ line, column, message: 'm' })
  })

  it('makes control characters in messages visible', () => {
    expect(yaml.locate({ path: [], at: 'value', message: 'a\u001B[31m\u202Eb' }).message).toBe(
      String.raw`a\x1b[31m\u{202e}b`,
    )
  })
})

describe('a file of one document', () => {
  it.each([
    ['an end that starts another', `${validText}---\n`],
    ['an end that starts another, and a comment', `${validText}---\n# nothing\n`],
    ['an empty one before it', `---\n---\n${validText}`],
    ['the end of a document', `${validText}...\n`],
    ['a comment after the end', `${validText}...\n# nothing\n`],
    ['several ends', `${validText}---\n---\n---\n`],
    ['Windows line ends', validText.replaceAll('\n', '\r\n')],
  ])('may have %s', (_, text) => {
    expect(problemsOf(text)).toEqual([])
  })
})

describe('text that YAML takes for something else is shown as it was written', () => {
  it.each(['72225e2', '0x10', '0o17', '.5', '+5', '010', '1.10', 'true', 'null', '~', '.inf'])(
    '%s',
    (text) => {
      const message = `expected text, got ${text} (write "${text}" with quotes)`
      expect(problemsOf(changed('name: example', `name: ${text}`))).toEqual([
        `4:9: metadata.name: ${message}`,
      ])
    },
  )
})

describe('characters that no reader sees are refused with their place', () => {
  it.each([
    ['an escape in a comment', '# \u001b[31m', String.raw`\x1b`],
    ['a C1 control', '# \u009b2J', String.raw`\x9b`],
    ['an override in a comment', '# \u202eabc', String.raw`\u{202e}`],
    ['an isolate in a text', '# "\u2066x"', String.raw`\u{2066}`],
    ['a NUL', '# \0', String.raw`\x00`],
  ])('%s', (_, comment, shown) => {
    const [problem] = problemsOf(`${comment}\n${validText}`)
    expect(problem).toMatch(/^1:\d+: /)
    expect(problem).toContain(`${shown} is not allowed`)
  })
})
