// Themes that try to hide, cover, shrink, move or repaint the list of apps: the gate refuses them, or the list does not mind.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { launchBrowser, openPerson } from '../harness/browser.mjs';
import { lookAt } from '../harness/looks.mjs';

const HOSTILE = process.env.LATCHKEY_HOSTILE;
assert.ok(HOSTILE, 'LATCHKEY_HOSTILE names the directory that the hostile example wrote');
const cases = JSON.parse(await fs.readFile(path.join(HOSTILE, 'cases.json'), 'utf8'));

const LOOKS = ['light', 'dark'].flatMap((colorScheme) => [1280, 320].map((width) => ({ colorScheme, width })));
const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml' };

const server = http.createServer(async ({ url }, answer) => {
  const name = path.join(HOSTILE, path.normalize(new URL(url, 'http://hostile').pathname));
  try {
    const body = await fs.readFile(name);
    answer.writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream' }).end(body);
  } catch {
    answer.writeHead(404).end();
  }
});

let browser;
before(async () => {
  await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  server.close();
});

/** What is wrong with the list of apps, as sentences. Runs in the page. */
function wrongs(direction) {
  const host = document.querySelector('[data-consent]');
  const root = host?.shadowRoot;
  if (!root) return ['there is no list in a shadow root'];
  const said = [];
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const pixel = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    pixel.clearRect(0, 0, 1, 1);
    pixel.fillStyle = color;
    pixel.fillRect(0, 0, 1, 1);
    return [...pixel.getImageData(0, 0, 1, 1).data];
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentNode ?? at.host) {
      if (at instanceof ShadowRoot) { at = at.host; }
      const color = rgba(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const frame = host.getBoundingClientRect();
  if (frame.width < Math.min(280, innerWidth - 40)) said.push(`the list is ${frame.width} px wide`);
  if (frame.left < 0 || frame.right > innerWidth) said.push(`the list reaches from ${frame.left} to ${frame.right} of ${innerWidth} px`);
  if (frame.top + scrollY < 0) said.push('the list is above the page');
  if (getComputedStyle(root.querySelector('section')).direction !== direction) said.push('the list runs the wrong way');
  const parts = [...root.querySelectorAll('h2, h3, .allow li span, .start button, .where span, summary')];
  if (parts.length < 5) said.push(`only ${parts.length} parts`);
  for (const part of parts) {
    if (!part.getClientRects().length) { said.push(`${part.outerHTML.slice(0, 60)} is not drawn`); continue; }
    part.scrollIntoView({ block: 'center', inline: 'nearest', behavior: 'instant' });
    const name = part.textContent.trim().slice(0, 40);
    const box = part.getBoundingClientRect();
    const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
    if (box.width < 8 || box.height < 10) said.push(`"${name}" is ${box.width} x ${box.height} px`);
    if (document.elementFromPoint(x, y) !== host) said.push(`"${name}" is covered by ${document.elementFromPoint(x, y)?.outerHTML.slice(0, 60)}`);
    const inner = root.elementFromPoint(x, y);
    if (!inner || !(part === inner || part.contains(inner) || inner.contains(part))) said.push(`"${name}" is covered inside`);
    const style = getComputedStyle(part);
    const size = parseFloat(style.fontSize);
    if (size < 11 || size > 40) said.push(`"${name}" is written in ${size} px`);
    if (style.visibility !== 'visible' || style.pointerEvents === 'none') said.push(`"${name}" cannot be seen or pressed`);
    const ratio = contrast(rgba(style.color), ground(part));
    if (ratio < 4.5) said.push(`"${name}" has a contrast of ${ratio.toFixed(2)}`);
  }
  for (let at = host; at; at = at.parentElement) {
    const { opacity, filter, transform, clipPath, mixBlendMode } = getComputedStyle(at);
    if (opacity !== '1' || filter !== 'none' || transform !== 'none' || clipPath !== 'none' || mixBlendMode !== 'normal') {
      said.push(`${at.localName} is changed as a whole: ${[opacity, filter, transform, clipPath, mixBlendMode]}`);
    }
  }
  return said;
}

test('there are hostile themes enough, and the gate lets enough of them pass', () => {
  const passed = cases.filter(({ refused }) => !refused);
  assert.ok(passed.length >= 20, `${passed.length} passed`);
  for (const { name, refused } of cases) {
    if (name.startsWith('refused-')) assert.match(refused ?? '', /\[[a-z-]+\]/, `${name} was let in`);
  }
});

test('the list of apps is seen, readable and pressable under each of them', async (t) => {
  const { page, close } = await openPerson(browser);
  for (const { name, refused } of cases) {
    if (refused) continue;
    for (const direction of ['ltr', 'rtl']) {
      await t.test(`${name}, ${direction}`, async () => {
        await page.goto(`http://127.0.0.1:${server.address().port}/${name}-${direction}.html`);
        for (const look of LOOKS) {
          await lookAt(page, look);
          assert.deepEqual(await page.evaluate(wrongs, direction), [], `${look.colorScheme}, ${look.width} px`);
        }
      });
    }
  }
  await close();
});
