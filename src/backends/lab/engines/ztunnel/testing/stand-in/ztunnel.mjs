#!/usr/bin/env node
// A stand-in for the ztunnel program, for tests where there is none: the same arguments, environment and interfaces.
import { register } from 'tsx/esm/api'

register()
await import('./main.ts')
