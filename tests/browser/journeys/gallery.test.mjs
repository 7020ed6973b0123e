// Every page of the base theme with every sample, in every language: accessible in both colour schemes, valid, and never too wide.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { HtmlValidate } from 'html-validate';

import { launchBrowser, openPerson } from '../harness/browser.mjs';
import { LOOKS, bringAxe, lookAt, overhang, violations } from '../harness/looks.mjs';

const GALLERY = process.env.LATCHKEY_GALLERY;
assert.ok(GALLERY, 'LATCHKEY_GALLERY names the directory that the gallery example wrote');
const pages = (await fs.readdir(GALLERY, { recursive: true })).filter((name) => name.endsWith('.html') && !/(^|[/-])(index|mail)\b/.test(name)).sort();

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    // How markup is written, not what it means.
    'doctype-style': 'off', 'long-title': 'off', 'no-trailing-whitespace': 'off', 'attr-quotes': 'off', 'void-style': 'off', 'no-inline-style': 'error',
    // Only for browsers without scripts, so that they too see what changed.
    'meta-refresh': 'off',
    // A support address may hold what a telephone number looks like.
    'tel-non-breaking': 'off',
  },
});

const TYPES = { '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.svg': 'image/svg+xml', '.png': 'image/png' };

/** The directory over HTTP: a browser runs no module from a file. */
const server = http.createServer(async ({ url }, answer) => {
  const name = path.join(GALLERY, path.normalize(new URL(url, 'http://gallery').pathname));
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

test('there are pages to look at', () => assert.ok(pages.length > 20, `${pages.length} pages in ${GALLERY}`));

test('every page is valid HTML', async () => {
  const wrong = [];
  for (const name of pages) {
    const { results } = await validator.validateString(await fs.readFile(path.join(GALLERY, name), 'utf8'), name);
    for (const { messages } of results) wrong.push(...messages.map(({ line, ruleId, message }) => `${name}:${line} ${ruleId}: ${message}`));
  }
  assert.deepEqual(wrong, []);
});

test('every page is accessible and fits, however it is looked at', async (t) => {
  const { page, problems, close } = await openPerson(browser, { prepare: bringAxe });
  for (const name of pages) {
    await t.test(name, async () => {
      await page.goto(`http://127.0.0.1:${server.address().port}/${name}`);
      for (const look of LOOKS) {
        await lookAt(page, look);
        const how = `${look.forcedColors ? 'forced colours' : look.colorScheme}, ${look.width} px`;
        assert.equal(await overhang(page), 0, `pixels to scroll sideways in ${how}`);
        // What changes with the width is the layout, which the line above looks at.
        if (look.width > 320) assert.deepEqual(await violations(page), [], how);
      }
    });
  }
  await close();
  assert.deepEqual(problems, []);
});
