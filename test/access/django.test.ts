import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { Client, connectClient } from '../support/client.ts'
import { leaveOut } from '../support/left-out.ts'
import { startService, temporaryFolder } from '../support/service.ts'
import { anyPostgres } from '../support/stores.ts'
import { until } from '../support/until.ts'

const SECRET = 'shared between the app and the service'
const hasPython = spawnSync('python3', ['--version']).status === 0
if (!hasPython) leaveOut('the Django example of docs/django.md: there is no python3')

/** The Python of the documentation. */
const blocks = (): string[] => {
  const text = readFileSync(fileURLToPath(new URL('../../docs/django.md', import.meta.url)), 'utf8')
  return [...text.matchAll(/```python\n([\s\S]*?)```/g)].map((match) => match[1] ?? '')
}

/** The view as the documentation has it. */
const documented = (): string => blocks().find((block) => block.includes('def may(request)')) ?? ''

/** Prints the names that each block of a list on stdin uses and nowhere has from. */
const UNBOUND = `
import ast, builtins, json, sys
for block in json.load(sys.stdin):
    nodes = list(ast.walk(ast.parse(block)))
    bound = set(dir(builtins))
    for node in nodes:
        if isinstance(node, (ast.Import, ast.ImportFrom)): bound |= {name.asname or name.name for name in node.names}
        elif isinstance(node, ast.FunctionDef): bound |= {node.name} | {arg.arg for arg in node.args.args}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store): bound.add(node.id)
    print(*sorted({node.id for node in nodes if isinstance(node, ast.Name)} - bound))
`

it.runIf(hasPython)('every piece of Python of the documentation imports what it uses, and names every setting', () => {
  const { stdout } = spawnSync('python3', ['-c', UNBOUND], { input: JSON.stringify(blocks()), encoding: 'utf8' })
  expect(stdout.split('\n').filter((names) => names !== '')).toEqual(['role_of'])
  const text = readFileSync(fileURLToPath(new URL('../../docs/django.md', import.meta.url)), 'utf8')
  for (const [, name] of text.matchAll(/settings\.(SCRIPTORIUM_\w+)/g)) expect(text).toContain(`${name} = `)
})

/** Just as much of Django as the view uses, and a server around it. */
const AROUND = (view: string): string => `
import json, sys, types
from http.server import BaseHTTPRequestHandler, HTTPServer

def module(name, **members):
    sys.modules[name] = types.SimpleNamespace(**members)

class BadSignature(Exception): pass
def loads(token, max_age):
    if not token.startswith('signed:'): raise BadSignature()
    return token[len('signed:'):]

class HttpResponse:
    def __init__(self, content=b'', status=200): self.content, self.status = content, status
class JsonResponse(HttpResponse):
    def __init__(self, data): super().__init__(json.dumps(data).encode())

for name in ('django', 'django.contrib', 'django.contrib.auth', 'django.core', 'django.views', 'django.views.decorators'): module(name)
module('django.conf', settings=types.SimpleNamespace(SCRIPTORIUM_CALLBACK_SECRET=${JSON.stringify(SECRET)}))
sys.modules['django.core'].signing = types.SimpleNamespace(loads=loads, BadSignature=BadSignature)
module('django.http', HttpResponse=HttpResponse, JsonResponse=JsonResponse)
class User:
    class DoesNotExist(Exception): pass
    class objects:
        @staticmethod
        def get(pk, is_active):
            if pk not in ('ana', 'ben'): raise User.DoesNotExist()
            return types.SimpleNamespace(pk=pk, get_full_name=lambda: '', get_username=lambda: pk, is_superuser=False)

module('django.contrib.auth.models', User=User)
module('django.views.decorators.csrf', csrf_exempt=lambda view: view)
module('django.views.decorators.http', require_POST=lambda view: view)

def role_of(user, story, page): return 'write' if user.pk == 'ana' else 'none'

${view}

class Headers(dict):
    def get(self, key, default=None): return super().get(key.lower(), default)

class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length']))
        headers = Headers({key.lower(): value for key, value in self.headers.items()})
        answer = may(types.SimpleNamespace(headers=headers, body=body))
        self.send_response(answer.status)
        self.send_header('content-type', 'application/json')
        self.end_headers()
        self.wfile.write(answer.content)
    def log_message(self, *args): pass

server = HTTPServer(('127.0.0.1', 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
`

const startView = async (): Promise<string> => {
  const file = join(temporaryFolder('django'), 'view.py')
  writeFileSync(file, AROUND(documented()))
  const child = spawn('python3', [file], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill())
  let port = ''
  child.stdout.on('data', (data) => {
    port += data
  })
  await until('the view', () => port.includes('\n'))
  return `http://127.0.0.1:${port.trim()}/scriptorium/may`
}

it.runIf(hasPython)(
  'the Django view of the documentation lets in whom it knows, and answers nobody who does not sign',
  async () => {
    const url = await startView()
    const env = { AUTH_CALLBACK_URL: url, AUTH_CALLBACK_SECRET: SECRET }
    const service = await startService({ ...(await anyPostgres().open()).env, ...env })
    const ana = await connectClient(service.collab, 's/p', { token: 'signed~ana' })
    ana.edit('x', (doc) => doc.getText('text').insert(0, 'x'))
    await ana.settled()
    expect(ana.acknowledged.has('x')).toBe(true)
    for (const [token, code] of [
      ['signed~ben', 4403],
      ['signed~nobody', 4401],
      ['forged', 4401],
    ] as const) {
      const client = new Client(service.collab, 's/p', { token })
      client.connect()
      await until('the refusal', () => client.closings.length > 0)
      expect([token, client.closings[0]?.code]).toEqual([token, code])
    }
    const question = JSON.stringify({ user: null, token: 'signed:ana', story: 's', page: 'p' })
    const stamp = String(Math.floor(Date.now() / 1000))
    for (const headers of [
      {},
      { 'scriptorium-timestamp': stamp, 'scriptorium-signature': 'v1=00' },
      { 'scriptorium-timestamp': '1', 'scriptorium-signature': 'v1=00' },
    ]) {
      expect(
        (await fetch(url, { method: 'POST', body: question, headers: headers as Record<string, string> })).status,
      ).toBe(400)
    }
  },
)
