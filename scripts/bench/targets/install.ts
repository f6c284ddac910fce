/** Peers come from npm on first use, each into a folder of its own. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { peerSources, results } from '../paths.ts'

/** Copies a peer's programs and installs what they need. @returns its folder @throws Error when npm cannot */
export const installPeer = async (name: string): Promise<string> => {
  const source = join(peerSources, name)
  const folder = join(results, 'peers', name)
  await mkdir(folder, { recursive: true })
  const manifest = join(folder, 'package.json')
  const isInstalled = existsSync(join(folder, 'node_modules')) && existsSync(manifest)
  const isSame =
    isInstalled && (await readFile(manifest, 'utf8')) === (await readFile(join(source, 'package.json'), 'utf8'))
  if (!isSame) await install(name, source, folder)
  for (const file of await readdir(source)) await copyFile(join(source, file), join(folder, file))
  return folder
}

/** The version of a package that a peer brought. */
export const versionIn = async (folder: string, name: string): Promise<string> => {
  const manifest = await readFile(join(folder, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}

const install = async (name: string, source: string, folder: string): Promise<void> => {
  process.stderr.write(`installing the peer ${name} …\n`)
  await copyFile(join(source, 'package.json'), join(folder, 'package.json'))
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel=error']
  const npm = spawn('npm', args, { cwd: folder, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' })
  const code = await new Promise<number | null>((resolve, reject) => {
    npm.once('error', reject)
    npm.once('close', resolve)
  })
  if (code !== 0) throw new Error(`npm could not install it (exit code ${code})`)
}
