import { accessSync, constants, statSync, type Stats } from 'node:fs'
import path from 'node:path'
import { UsageError } from '../../errors.ts'

/**
 * The one file that has the contexts: what the user names, else what `$KUBECONFIG` does; which file that is is never
 * guessed. As kubectl reads that list, empty entries are none and a file that is named twice is one.
 * @throws UsageError when that is not exactly one file that can be read again and again.
 */
export function kubeconfigFile(named: string | undefined, env: NodeJS.ProcessEnv = process.env): string {
  const source = named === undefined ? 'KUBECONFIG' : '--kubeconfig'
  const entries = (named ?? env['KUBECONFIG'] ?? '')
    .split(path.delimiter)
    .filter((entry) => entry.trim() !== '')
  const files = [...new Set(entries.map((entry) => path.resolve(entry)))]
  const [file] = files
  if (file === undefined) {
    const none =
      named === undefined ? 'neither --kubeconfig nor KUBECONFIG names' : '--kubeconfig does not name'
    throw new UsageError(`--backend contexts needs a kubeconfig file, and ${none} one`, {
      hint: '--kubeconfig FILE, or KUBECONFIG with one file',
    })
  }
  if (files.length > 1) {
    throw new UsageError(`${source} names ${files.length} files, and --backend contexts reads one`, {
      hint: `--kubeconfig FILE; to make one of them: KUBECONFIG=${entries.join(path.delimiter)} kubectl config view --flatten > FILE`,
    })
  }
  const problem = fileProblem(file)
  if (problem === undefined) return file
  throw new UsageError(`the kubeconfig ${file} ${problem}`, {
    hint: `${source} named it; --kubeconfig FILE names another one`,
  })
}

/** Before anything is made; what is in the file is for kubectl to judge. */
function fileProblem(file: string): string | undefined {
  let found: Stats
  try {
    found = statSync(file)
    accessSync(file, constants.R_OK)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' || code === 'ENOTDIR' ? 'does not exist' : `cannot be read (${code})`
  }
  if (found.isDirectory()) return 'is a folder'
  // Every call of kubectl reads it anew; a pipe gives what it has to the first one.
  if (!found.isFile()) return 'is not a regular file'
  return found.size === 0 ? 'is empty' : undefined
}
