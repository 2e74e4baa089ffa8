/** Path names are free text, header values are not: everything outside the unreserved characters is escaped. */
export function encodePathName(path: string): string {
  return encodeURIComponent(path)
}

/** The path name behind an encoded one; text that is not encoded properly stays as it is. */
export function decodePathName(encoded: string): string {
  if (!encoded.includes('%')) return encoded
  try {
    return decodeURIComponent(encoded)
  } catch {
    return encoded
  }
}
