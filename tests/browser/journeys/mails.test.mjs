// Every mail of the base theme with every sample, brand and language: valid, understood by the big mail programs, laid out as
// the reference implementation of MJML does, readable in both colour schemes and on a narrow phone.
import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { caniemail } from 'caniemail';
import { HtmlValidate } from 'html-validate';
import mjml2html from 'mjml';

import { launchBrowser, openPerson } from '../harness/browser.mjs';
import { bringAxe, lookAt, overhang, violations } from '../harness/looks.mjs';

const MAILS = process.env.LATCHKEY_MAILS;
assert.ok(MAILS, 'LATCHKEY_MAILS names the directory that the example of the mails wrote');
const names = (await fs.readdir(MAILS, { recursive: true })).filter((name) => name.endsWith('.mjml')).map((name) => name.slice(0, -'.mjml'.length)).sort();
const read = (name, extension) => fs.readFile(path.join(MAILS, `${name}.${extension}`), 'utf8');

const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    // How markup is written, not what it means; a mail's title is its subject.
    'doctype-style': 'off', 'void-style': 'off', 'presentation-role-style': 'off', 'long-title': 'off',
    // Outlook lays out by attributes and comments of its own, and some programs drop style sheets.
    'no-deprecated-attr': 'off', 'no-conditional-comment': 'off', 'no-inline-style': 'off',
    // Mail programs know no elements of HTML 5.
    'prefer-native-element': 'off',
    'tel-non-breaking': 'off',
  },
});

/** What some program does not know at all, and why a mail may say it all the same. */
const ACCEPTED = new Map(Object.entries({
  'style sheets hold nothing that a mail needs: that stands at the elements':
    ['<style> element', 'Class selector', 'ID selector', 'Type selector', 'Descendant combinator', 'Chaining selectors', '@media'],
  'programs without dark colours show the light ones, or turn them around':
    ['color-scheme CSS property', 'color-scheme meta tag'],
  'corners are square, words break elsewhere, a plate stays without its second layer':
    ['border-radius', 'overflow', 'word-break', 'word-spacing', 'outline', 'cursor', 'background-image'],
  'the preheader is hidden in several ways, of which every program knows one': ['display:none', 'opacity', 'max-height property'],
  'only screen readers ask for them': ['aria-label attribute', 'role attribute'],
  'the colour of the page stands at the box in it as well': ['<body> element'],
}).flatMap(([why, features]) => features.map((feature) => [feature, why])));

let browser;
before(async () => { browser = await launchBrowser(); });
after(() => browser?.close());

test('there are mails to look at', () => assert.ok(names.length > 500, `${names.length} mails in ${MAILS}`));

test('every mail is valid HTML', async () => {
  const wrong = [];
  for (const name of names) {
    const { results } = await validator.validateString(await read(name, 'html'), name);
    for (const { messages } of results) wrong.push(...messages.map(({ line, ruleId, message }) => `${name}:${line} ${ruleId}: ${message}`));
  }
  assert.deepEqual(wrong, []);
});

test('Gmail, Outlook and Apple Mail know what every mail says', async () => {
  const unknown = new Map();
  // Programs do not look at words.
  for (const name of names.filter((name) => /^(ar|en)\//.test(name))) {
    const { issues } = caniemail({ clients: ['gmail.*', 'outlook.*', 'apple-mail.*'], html: await read(name, 'html') });
    for (const [client, found] of issues.errors) for (const { title } of found) unknown.set(title, `${name} in ${client}`);
  }
  assert.deepEqual([...unknown].filter(([feature]) => !ACCEPTED.has(feature)), []);
  assert.deepEqual([...ACCEPTED.keys()].filter((feature) => !unknown.has(feature)), [], 'accepted and not needed');
});

/**
 * What two layouts of the same MJML have to agree in: words, links, pictures, and how tables and boxes nest, with their roles, sides
 * and directions. Not widths: sections in a wrapper get the wrapper's width here, and what is left inside of it there.
 */
const skeleton = (page) => page.evaluate(() => {
  const shape = (element) => {
    const inner = [...element.children].map(shape).join('');
    const tag = element.tagName;
    if (!['TABLE', 'TBODY', 'TR', 'TD', 'DIV'].includes(tag)) return inner;
    const said = ['role', 'align', 'dir'].map((name) => element.getAttribute(name) ?? '').join(',');
    return `<${tag} ${said} ${element.style.direction}>${inner}</${tag}>`;
  };
  const texts = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) texts.push(walk.currentNode.data.replace(/\s+/g, ' ').trim());
  return {
    title: document.title,
    texts: texts.filter(Boolean),
    seen: document.body.innerText.replace(/\s+/g, ' ').trim(),
    links: [...document.links].map(({ href, textContent }) => `${href} ${textContent.trim()}`),
    pictures: [...document.images].map(({ src, alt }) => `${src} ${alt}`),
    tables: shape(document.body).replaceAll('><', '>\n<').split('\n'),
  };
});

test('every mail is laid out as the reference implementation of MJML lays it out', async () => {
  const page = await (await browser.newContext({ javaScriptEnabled: true })).newPage();
  await page.route('**/*.png', (route) => route.abort());
  for (const name of names) {
    const { html, errors } = await mjml2html(await read(name, 'mjml'), { validationLevel: 'strict', fonts: {} });
    assert.deepEqual(errors, [], name);
    await page.setContent(html);
    const golden = await skeleton(page);
    await page.setContent(await read(name, 'html'));
    assert.deepEqual(await skeleton(page), golden, name);
  }
  await page.context().close();
});

test('every mail can be read in both colour schemes and fits a narrow phone', async () => {
  const { page, close } = await openPerson(browser, { prepare: bringAxe });
  await page.route('**/*.png', (route) => route.abort());
  const kinds = new Set();
  for (const name of names) {
    await page.goto(`file://${path.join(MAILS, name)}.html`);
    await lookAt(page, { colorScheme: 'light', width: 320 });
    assert.equal(await overhang(page), 0, `${name}: pixels to scroll sideways`);
    // Colours are the same in every sample of a kind, and in every language.
    const [brand, kind] = name.split('-');
    if (!brand.startsWith('en/') || kinds.has(brand + kind)) continue;
    kinds.add(brand + kind);
    for (const colorScheme of ['light', 'dark']) {
      await lookAt(page, { colorScheme, width: 800 });
      // A mail stands in the page of the program that shows it: landmarks are that page's.
      const found = (await violations(page)).filter((line) => !/^(landmark-one-main|region):/.test(line));
      assert.deepEqual(found, [], `${name} in ${colorScheme}`);
    }
  }
  await close();
});
