/** Names of what is taken away. */
import type { AssetSummary } from '../log/archive/assets.ts'
import { extensionOf } from '../log/archive/picture-type.ts'

/** Where a picture lies beside the pages. */
export const pictureFile = ({ sha256, type }: Pick<AssetSummary, 'sha256' | 'type'>): string =>
  `pictures/${sha256}.${extensionOf(type)}`

const MOST_LETTERS = 60

/** A file name that people recognise and every file system takes. */
export const fileNameOf = (title: string, extension: string): string => {
  const words = title
    .normalize('NFC')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '')
  return `${[...words].slice(0, MOST_LETTERS).join('') || 'story'}.${extension}`
}

/** The header that names a file, for clients that know letters beyond ASCII and for those that do not. */
export const dispositionOf = (name: string): string => {
  const plain = name.normalize('NFKD').replace(/[^A-Za-z0-9.-]/g, '')
  const known = plain.startsWith('.') ? `story${plain}` : plain
  // encodeURIComponent leaves letters that RFC 8187 does not.
  const encoded = encodeURIComponent(name).replace(/['()*!]/g, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
  return `attachment; filename="${known}"; filename*=UTF-8''${encoded}`
}
