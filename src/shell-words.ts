/** A command as a user could paste it into a shell. */
export function pasteable(file: string, args: readonly string[]): string {
  return [file, ...args].map(quote).join(' ')
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
}
