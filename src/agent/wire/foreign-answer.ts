/** What was answered in place of HTTP/1, in words that say what to do; `bytes` are the first ones. */
export function foreignAnswer(bytes: Buffer): string {
  // A server's HTTP/2 connection begins with a SETTINGS frame (RFC 9113 §3.4): length, type 4, flags, stream 0.
  if (bytes.length >= 4 && bytes[0] === 0 && bytes[3] === 4) {
    return 'malformed answer: the server speaks HTTP/2, not HTTP/1 (probe --protocol http2)'
  }
  // TLS records: 0x15 is an alert, 0x16 a handshake, both followed by 3 for the version.
  if ((bytes[0] === 0x15 || bytes[0] === 0x16) && (bytes.length < 2 || bytes[1] === 3)) {
    return 'malformed answer: the server speaks TLS on this port'
  }
  const text = bytes.toString('latin1', 0, 40).split(/[\r\n]/, 1)[0] ?? ''
  return `malformed answer: it begins with ${JSON.stringify(text.replaceAll(/[^\x20-\x7e]/g, '?'))}, not with HTTP/1`
}
