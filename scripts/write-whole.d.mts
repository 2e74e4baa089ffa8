export function writeWhole(file: string, contents: Buffer): void
