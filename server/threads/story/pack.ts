/** Files as a zip archive. */
import { zipSync } from 'fflate'
import { HandedOver } from '../handed-over.ts'

export interface PackedFile {
  /** Path within the archive. */
  readonly name: string
  readonly data: Uint8Array | string
  /** Whether it is kept as it is: pictures are compressed already. */
  readonly isStored: boolean
}

export const packFiles = ({ files, at }: { readonly files: readonly PackedFile[]; readonly at: Date }) => {
  const entries = files.map(({ name, data, isStored }) => {
    const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
    return [name, [bytes, { level: isStored ? 0 : 6, mtime: at }]] as const
  })
  const archive = zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0])
  return new HandedOver(archive, [archive.buffer as ArrayBuffer])
}
