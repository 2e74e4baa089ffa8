/** Names that try to break out of a picture, a page or a table. */
export const hostileNames: readonly string[] = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '</svg><svg onload=alert(1)>',
  'a'.repeat(200),
  '| a | `b` | **c** | [d](javascript:alert(1))',
  '\u001b[31mred\u001b[0m\nnew\tline\r',
  '\u202eright to left\u2066',
  '${process.exit(1)} {{7*7}} %s',
  '',
  '=HYPERLINK("http://example.invalid")',
  '-rf --version',
  'ключ 鍵 🔑',
]
