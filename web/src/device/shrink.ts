/** Makes a picture small enough to travel, in the browser; its place, camera and time of day stay behind. */

/** Pixels of the longer side. */
const MOST_PIXELS = 1600
const QUALITY = 0.82

/** @throws Error when the file is no picture that this browser can read */
export const shrink = async (file: Blob): Promise<Blob> => {
  const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
  try {
    const scale = Math.min(1, MOST_PIXELS / Math.max(picture.width, picture.height))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.round(picture.width * scale))
    canvas.height = Math.max(1, Math.round(picture.height * scale))
    const context = canvas.getContext('2d')
    if (context === null) throw new Error('this browser cannot draw')
    context.drawImage(picture, 0, 0, canvas.width, canvas.height)
    const webp = await encoded(canvas, 'image/webp')
    // A browser that cannot write WebP gives PNG, which is large for photographs.
    return webp.type === 'image/webp' ? webp : await encoded(canvas, 'image/jpeg')
  } finally {
    picture.close()
  }
}

const encoded = (canvas: HTMLCanvasElement, type: string): Promise<Blob> =>
  new Promise((resolve, reject) =>
    canvas.toBlob(
      (blob) => (blob === null ? reject(new Error('this browser cannot write pictures')) : resolve(blob)),
      type,
      QUALITY,
    ),
  )
