/** Modules as apps ship them: one script, made by vite. */
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface BundleOptions {
  readonly format: 'es' | 'iife'
  /** Packages that stay outside. */
  readonly external?: readonly RegExp[]
  /** Name of the global that holds what the module exports. */
  readonly name?: string
}

/** @param entry path of a module below the project's folder @returns the script */
export const bundle = async (
  entry: string,
  { format, external = [], name = 'app' }: BundleOptions,
): Promise<string> => {
  const built = await build({
    root: ROOT,
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: true,
      rollupOptions: {
        input: `${ROOT}/${entry}`,
        external: [...external],
        preserveEntrySignatures: 'strict',
        output: { format, name },
      },
    },
  })
  const { output } = (Array.isArray(built) ? built[0] : built) as { output: { code?: string }[] }
  return output.map(({ code }) => code ?? '').join('')
}
