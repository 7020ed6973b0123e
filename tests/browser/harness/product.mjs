import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Api } from './api.mjs';
import { createDatabase } from './database.mjs';
import { eventually, freePort } from './net.mjs';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const BINARY = process.env.LATCHKEY_BIN ?? path.join(ROOT, 'target/debug/latchkey');

/** `latchkey app`, or `serve`, with one agency, on a database of its own. Its log is `app.log` in `directory`. */
export async function startProduct({ database, directory, smtpUrl, command = 'app', extra = {} }) {
  const [port, adminPort] = [await freePort(), await freePort()];
  const store = await createDatabase(database, directory);
  const env = { ...settings({ port, adminPort, directory, smtpUrl, databaseUrl: store.url }), ...extra };
  const options = { cwd: directory, env };
  await run(BINARY, ['migrate'], options);
  const created = await run(BINARY, [
    'agency', 'create', '--slug', 'northwind', '--name', 'Northwind Automations', '--owner-email', 'ana@northwind.example',
  ], options);
  const agency = JSON.parse(created.stdout.trim().split('\n').at(-1));

  const log = await fs.open(path.join(directory, 'app.log'), 'a');
  const child = spawn(BINARY, [command], { ...options, stdio: ['ignore', log.fd, log.fd] });
  await log.close();
  const gone = once(child, 'exit');
  child.once('error', () => {});
  await eventually(`latchkey ${command} to be ready`, async () => {
    if (child.exitCode !== null) throw new Error(`latchkey ${command} ended with ${child.exitCode}, see ${directory}/app.log`);
    return (await fetch(`http://127.0.0.1:${adminPort}/readyz`)).ok;
  });

  const local = `http://127.0.0.1:${port}`;
  return {
    agency,
    env,
    local,
    admin: `http://127.0.0.1:${adminPort}`,
    origin: env.LATCHKEY_PUBLIC_ORIGIN.replace('{host}', agency.host.split(':')[0]),
    api: new Api(local, agency.api_key),
    /** Another command of the program, on the same settings. */
    run: (...words) => run(BINARY, words, options),
    log: () => fs.readFile(path.join(directory, 'app.log'), 'utf8'),
    /** Asks the program to end as an operator would; it must then end by itself, in good order. */
    async stop() {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), 15_000);
      const [code, signal] = await gone;
      clearTimeout(killer);
      await store.drop();
      if (code !== 0) throw new Error(`latchkey ${command} ended with ${signal ?? code}, see ${directory}/app.log`);
    },
  };
}

function settings({ port, adminPort, directory, smtpUrl, databaseUrl }) {
  const secret = () => randomBytes(32).toString('base64');
  return {
    PATH: process.env.PATH,
    HOME: directory,
    RUST_BACKTRACE: '1',
    LATCHKEY_DATABASE_URL: databaseUrl,
    LATCHKEY_DATA_DIR: path.join(directory, 'data'),
    LATCHKEY_VAULT_KEY: secret(),
    LATCHKEY_EDGE_SECRET: secret(),
    LATCHKEY_PLATFORM_HOST: 'localhost',
    LATCHKEY_PUBLIC_ORIGIN: `http://{host}:${port}`,
    LATCHKEY_APP_LISTEN: `127.0.0.1:${port}`,
    LATCHKEY_ADMIN_LISTEN: `127.0.0.1:${adminPort}`,
    LATCHKEY_SMTP_URL: smtpUrl,
    LATCHKEY_MAIL_FROM: 'no-reply@mail.example',
    LATCHKEY_DEV_LOOPBACK: 'true',
  };
}
