import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { eventually } from './net.mjs';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BINARY = process.env.LATCHKEY_BIN ?? path.join(ROOT, 'target/debug/latchkey');

/** `latchkey demo` in a directory of its own: what it prints to open, and `stop()`, which ends it as Ctrl-C does. */
export async function startDemo(directory, { port, fresh = false } = {}) {
  const words = ['demo', ...(port ? ['--port', String(port)] : []), ...(fresh ? ['--fresh'] : [])];
  const child = spawn(BINARY, words, { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env.PATH, HOME: directory } });
  const gone = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { said += chunk; });
  await eventually('the demo to be up', () => {
    if (child.exitCode !== null) throw new Error(`latchkey demo ended with ${child.exitCode}: ${said}`);
    return /Ctrl-C stops/.test(said);
  }, 60);
  const address = (pattern) => said.match(pattern)[1];
  return {
    guide: address(/(http:\S+)\n/),
    mailbox: address(/mailbox +(\S+)/),
    provider: address(/provider +(\S+)/),
    api: address(/API +(\S+)/),
    said: () => said,
    async stop() {
      child.kill('SIGINT');
      const killer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const [code, signal] = await gone;
      clearTimeout(killer);
      if (code !== 0) throw new Error(`latchkey demo ended with ${signal ?? code}: ${said}`);
    },
  };
}
