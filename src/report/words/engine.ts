import type { RunResult } from '../../results/schema.ts'
