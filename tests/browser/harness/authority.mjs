import { execFile, spawn } from 'node:child_process';
import { X509Certificate, createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

import { eventually, exchange, freePort } from './net.mjs';

const run = promisify(execFile);
const { LATCHKEY_TEST_PEBBLE: PEBBLE, LATCHKEY_TEST_CHALLTESTSRV: STUB } = process.env;

/** Why a test without a certificate authority is left out; false where there is one. */
export const LEFT_OUT = !(PEBBLE && STUB) && 'LATCHKEY_TEST_PEBBLE is not set';

/**
 * A certificate authority and a DNS, in which every name leads to this machine until a record says otherwise. `http` and
 * `https` are the ports at which the authority looks for the edge.
 */
export async function startAuthority(directory) {
  const [dns, stub, acme, management, http, https] = await Promise.all(Array.from({ length: 6 }, freePort));
  const own = await ownCertificate(directory);
  const children = [];
  const start = async (program, words, env) => {
    const log = await fs.open(path.join(directory, `${path.basename(program)}.log`), 'a');
    children.push(spawn(program, words, { env: { ...process.env, ...env }, stdio: ['ignore', log.fd, log.fd] }));
    await log.close();
  };
  const stop = async () => {
    for (const child of children) {
      if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit');
    }
  };
  const ask = async (page) => (await exchange(`https://127.0.0.1:${management}/${page}`, { root: own.certificate })).text;
  try {
    await start(STUB, await stubWords(dns, stub));
    await start(PEBBLE, ['-config', await pebbleConfig(directory, own, { acme, management, http, https }), '-dnsserver', `127.0.0.1:${dns}`], {
      PEBBLE_VA_NOSLEEP: '1', PEBBLE_WFE_NONCEREJECT: '0',
    });
    const root = await eventually('the certificate authority', () => ask('roots/0'));
    const issuing = new X509Certificate(await ask('intermediates/0'));
    return {
      http,
      https,
      root,
      trusts: createHash('sha256').update(issuing.publicKey.export({ type: 'spki', format: 'der' })).digest('base64'),
      settings: {
        LATCHKEY_ISSUER: `https://127.0.0.1:${acme}/dir`,
        LATCHKEY_ACME_ROOT: own.certificatePath,
        LATCHKEY_DNS_SERVERS: `127.0.0.1:${dns}`,
      },
      /** Makes a record as the console writes it: `{ type, name, value }`. */
      async put({ type, name, value }) {
        const record = type === 'TXT' ? { host: `${name}.`, value } : { host: `${name}.`, target: `${value}.` };
        const { status } = await exchange(`http://127.0.0.1:${stub}/set-${type.toLowerCase()}`, { method: 'POST', body: JSON.stringify(record) });
        if (status !== 200) throw new Error(`the DNS took no ${type} record: ${status}`);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the authority's own address answers with. */
async function ownCertificate(directory) {
  const at = (name) => path.join(directory, name);
  await fs.writeFile(at('authority.cnf'), [
    '[req]', 'distinguished_name = name', 'x509_extensions = facts', 'prompt = no', '[name]', 'CN = authority',
    '[facts]', 'subjectAltName = IP:127.0.0.1', 'basicConstraints = critical,CA:FALSE', '',
  ].join('\n'));
  await run('openssl', [
    'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '7', '-config', at('authority.cnf'),
    '-keyout', at('authority.key'), '-out', at('authority.pem'),
  ]);
  return { keyPath: at('authority.key'), certificatePath: at('authority.pem'), certificate: await fs.readFile(at('authority.pem'), 'utf8') };
}

async function stubWords(dns, management) {
  // Older ones call it otherwise.
  const { stderr } = await run(STUB, ['-help']).catch((error) => error);
  const listen = stderr.includes('-dnsserver') ? '-dnsserver' : '-dns01';
  return [
    '-defaultIPv4', '127.0.0.1', '-defaultIPv6', '', '-http01', '', '-https01', '', '-tlsalpn01', '', '-doh', '',
    listen, `127.0.0.1:${dns}`, '-management', `127.0.0.1:${management}`,
  ];
}

async function pebbleConfig(directory, own, { acme, management, http, https }) {
  const file = path.join(directory, 'pebble.json');
  await fs.writeFile(file, JSON.stringify({ pebble: {
    listenAddress: `127.0.0.1:${acme}`,
    managementListenAddress: `127.0.0.1:${management}`,
    certificate: own.certificatePath,
    privateKey: own.keyPath,
    httpPort: http,
    tlsPort: https,
    ocspResponderURL: '',
    externalAccountBindingRequired: false,
    retryAfter: { authz: 1, order: 1 },
    profiles: { default: { description: 'the only one', validityPeriod: 7_776_000 } },
  } }));
  return file;
}
