/** Keys and list positions from the root of the document, as zod reports them. */
export type DataPath = readonly PropertyKey[]

/** A problem with a field; `key` points at the field's name, `value` at what was written there. */
export interface Finding {
  readonly path: DataPath
  readonly at: 'key' | 'value'
  readonly message: string
  /** The message where the file says something in more detail than its value: `7e3`, which reads as 7000. */
  readonly asWritten?: (source: string) => string
}

/** e.g. `spec.clusters[1].podCidr`; `scenario` for the whole document. */
export function fieldLabel(path: DataPath): string {
  const label = path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step).slice(0, 60)}`))
    .join('')
  return label === '' ? 'scenario' : label.replace(/^\./, '')
}

/** A finding whose message starts with the field. */
export function finding(path: DataPath, message: string, at: Finding['at'] = 'value'): Finding {
  return { path, at, message: `${fieldLabel(path)}: ${message}` }
}
