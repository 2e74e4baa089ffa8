/** `NAME=VALUE` of a flag that can be given for one of several; a file before the first sign of equality is no name. */
export function namedValue(text: string): { readonly name: string | undefined; readonly value: string } {
  const [, name, value = text] = /^([^/=]+)=(.+)$/s.exec(text) ?? []
  return { name, value }
}
