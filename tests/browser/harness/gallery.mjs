import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.png': 'image/png' };

/** The directory that the gallery example wrote, over HTTP: a browser runs no module from a file. */
export async function openGallery(directory) {
  const names = (await fs.readdir(directory, { recursive: true })).filter((name) => name.endsWith('.html')).sort();
  const server = http.createServer(async ({ url }, answer) => {
    const name = path.join(directory, path.normalize(new URL(url, 'http://gallery').pathname));
    try {
      const body = await fs.readFile(name);
      answer.writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream' }).end(body);
    } catch {
      answer.writeHead(404).end();
    }
  });
  await new Promise((listening) => { server.listen(0, '127.0.0.1', listening); });
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    pages: names.filter((name) => !/(^|[/-])(index|mail)\b/.test(name)),
    read: (name) => fs.readFile(path.join(directory, name), 'utf8'),
    stop: () => server.close(),
  };
}
