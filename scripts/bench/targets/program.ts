/** A server process under test: started pinned, its inspector connected where that is asked for. */
import type { Releases } from '../../../server/release.ts'
import { serverCore } from '../cores.ts'
import { connectInspector } from '../inspector.ts'
import { startProcess } from '../processes.ts'
import type { Endpoint, Started } from './target.ts'

export interface Program {
  /** The Node that runs it. */
  readonly node: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** What it prints when it serves. */
  readonly ready: RegExp
  endpoint(ready: RegExpExecArray): Endpoint
}

/** @throws Error when it does not come up */
export const startProgram = async (program: Program, releases: Releases, inspected: boolean): Promise<Started> => {
  const inspect = inspected ? ['--inspect=127.0.0.1:0'] : []
  const { cwd, env } = program
  const running = startProcess(program.node, [...inspect, ...program.args], { cwd, env, core: serverCore })
  releases.push(running.stop)
  const ready = await running.line(program.ready)
  const inspector = inspected
    ? await connectInspector((await running.line(/Debugger listening on (ws:\/\/\S+)/))[1] ?? '')
    : null
  const stop = async () => {
    inspector?.close()
    await running.stop()
  }
  return { pid: running.pid, endpoint: program.endpoint(ready), inspector, stop }
}
