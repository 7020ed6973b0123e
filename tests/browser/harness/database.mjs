import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const POSTGRES = process.env.LATCHKEY_TEST_POSTGRES;

/** The databases that this run can test on. */
export const DATABASES = POSTGRES ? ['sqlite', 'postgres'] : ['sqlite'];

/** An empty database of its own: `{ url, drop() }`. */
export async function createDatabase(kind, directory) {
  if (kind === 'sqlite') {
    return { url: `sqlite://${path.join(directory, 'latchkey.db')}`, drop: async () => {} };
  }
  const name = `browser_${randomBytes(6).toString('hex')}`;
  await statement(`create database ${name}`);
  const url = new URL(POSTGRES);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => statement(`drop database ${name} with (force)`) };
}

const statement = (sql) => run('psql', [POSTGRES, '--no-psqlrc', '--quiet', '--set=ON_ERROR_STOP=1', `--command=${sql}`]);
