import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { launchBrowser, openPerson } from './browser.mjs';
import { bringAxe, lookAt, overhang, violations } from './looks.mjs';

let browser;
let server;
let origin;

before(async () => {
  browser = await launchBrowser();
  server = http.createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('content-security-policy', "default-src 'none'; style-src 'nonce-abc'; form-action 'self'");
    response.end(request.url === '/good' ? GOOD : BAD);
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  origin = `http://127.0.0.1:${server.address().port}`;
});

after(async () => {
  await browser?.close();
  server?.close();
});

test('a good page under a strict content policy has nothing to complain about', async () => {
  const { page, problems, close } = await openPerson(browser, { prepare: bringAxe, friends: [origin] });
  await page.goto(`${origin}/good`);
  await lookAt(page, { colorScheme: 'dark', width: 320 });
  assert.deepEqual(await violations(page), []);
  assert.equal(await overhang(page), 0);
  assert.deepEqual(problems, []);
  await close();
});

test('low contrast in the dark, sideways scrolling, refused content and strangers are noticed', async () => {
  const { page, problems, close } = await openPerson(browser, { prepare: bringAxe, friends: [origin] });
  await page.goto(`${origin}/bad`);
  await lookAt(page, { colorScheme: 'light', width: 1280 });
  assert.deepEqual(await violations(page), []);
  await lookAt(page, { colorScheme: 'dark', width: 320 });
  assert.match((await violations(page)).join('\n'), /^color-contrast/);
  assert.ok(await overhang(page) > 0);
  assert.match(problems.join('\n'), /Content.Security.Policy/i);
  await page.goto(`${origin}/good`);
  await page.evaluate(() => { location.href = 'http://127.0.0.1:9/stranger'; });
  await page.waitForEvent('requestfailed');
  assert.ok(problems.some((problem) => problem === 'request to http://127.0.0.1:9'), problems.join('\n'));
  await close();
});

const document = (css, inside) => `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,">
  <meta name="viewport" content="width=device-width"><style nonce="abc">${css}</style></head><body><main><h1>A page</h1>${inside}</main></body></html>`;
const GOOD = document(':root { color-scheme: light dark }', '<p>Words</p>').replace('<link rel="icon" href="data:,">', '');
const BAD = document('@media (prefers-color-scheme: dark) { p { color: #555; background: #444 } } div { width: 600px }',
  '<p>Words</p><div>Wide</div><script>never()</script>');
