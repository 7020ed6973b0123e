import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';

/** A TCP port on loopback that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Polls until `look` answers something truthy, which is returned; fails with `what` and the last error after `seconds`. */
export async function eventually(what, look, seconds = 40) {
  const deadline = Date.now() + seconds * 1000;
  let last;
  for (;;) {
    try {
      const found = await look();
      if (found) return found;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`${what}: not within ${seconds} s`, { cause: last });
    }
    await pause(50);
  }
}

/**
 * One exchange with an address of this machine, whose name Node's own resolver may not know. Follows nothing.
 * Over HTTPS no certificate is taken but one that ends in `root`, PEM.
 */
export function exchange(url, { method = 'GET', headers = {}, body, root } = {}) {
  const target = new URL(url);
  const { hostname } = target;
  return new Promise((resolve, reject) => {
    const request = (target.protocol === 'https:' ? https : http).request(
      { host: '127.0.0.1', port: target.port, path: target.pathname + target.search, method, agent: false,
        ca: root, servername: net.isIP(hostname) ? '' : hostname, headers: { host: target.host, ...headers } },
      (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({
          status: response.statusCode,
          headers: response.headers,
          text: Buffer.concat(chunks).toString('utf8'),
        }));
      },
    );
    request.on('error', reject);
    request.end(body);
  });
}
