/** What to know about errors whose own text does not say what to do. */
const meanings: Readonly<Record<string, string>> = {
  EMFILE: 'no file descriptor is left; each connection takes one, see ulimit -n',
  ENFILE: 'the system has no file descriptor left',
  EADDRNOTAVAIL:
    'no local port is left for this address; a closed connection holds its own for 60 s (TIME_WAIT)',
  ENOBUFS: 'the system has no memory left for sockets',
}

/** The error of a socket in words. */
export function socketErrorText(error: Error): string {
  const { code = '' } = error as NodeJS.ErrnoException
  const text = error.message === '' ? code || error.name : error.message
  const meaning = meanings[code]
  return meaning === undefined ? text : `${text} (${meaning})`
}
