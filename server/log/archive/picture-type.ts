/** What a picture is, by its first bytes: what somebody says of it is not believed. */

/** Types that are kept. All of them are pictures and nothing else: SVG is a document, which may hold scripts. */
export const PICTURE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif', 'image/avif'] as const
export type PictureType = (typeof PICTURE_TYPES)[number]

const EXTENSIONS: Readonly<Record<PictureType, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'image/avif': 'avif',
}

/** How the name of such a file ends. */
export const extensionOf = (type: PictureType): string => EXTENSIONS[type]

const PNG = '\x89PNG\r\n\x1a\n'
const JPEG = '\xff\xd8\xff'

/** The type of a picture, or null: it is none of those that are kept. */
export const pictureTypeOf = (data: Uint8Array): PictureType | null => {
  const letters = (from: number, to: number) => String.fromCharCode(...data.subarray(from, to))
  if (letters(0, 8) === PNG) return 'image/png'
  if (letters(0, 3) === JPEG) return 'image/jpeg'
  if (letters(0, 6) === 'GIF87a' || letters(0, 6) === 'GIF89a') return 'image/gif'
  if (letters(0, 4) === 'RIFF' && letters(8, 12) === 'WEBP') return 'image/webp'
  return letters(4, 8) === 'ftyp' && brandsOf(data).some((brand) => brand === 'avif' || brand === 'avis')
    ? 'image/avif'
    : null
}

/** The brands that the first box of an ISO media file names: the major one, and those that it is compatible with. */
const brandsOf = (data: Uint8Array): string[] => {
  const end = Math.min(new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(0), data.length, 256)
  const brands: string[] = []
  for (let at = 8; at + 4 <= end; at += 4) {
    // After the major brand stands a version.
    if (at !== 12) brands.push(String.fromCharCode(...data.subarray(at, at + 4)))
  }
  return brands
}
