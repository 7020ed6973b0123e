// Every page of the base theme with every sample, in every language: accessible in both colour schemes, valid, and never too wide.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { HtmlValidate } from 'html-validate';

import { launchBrowser, openPerson } from '../harness/browser.mjs';
import { openGallery } from '../harness/gallery.mjs';
import { LOOKS, bringAxe, findings } from '../harness/looks.mjs';

const GALLERY = process.env.LATCHKEY_GALLERY;
assert.ok(GALLERY, 'LATCHKEY_GALLERY names the directory that the gallery example wrote');

const LANGUAGES = ['en', 'de', 'fr', 'es', 'ar'];
/** How many windows look at a time: the machine's cores are what it takes. */
const WINDOWS = 3;

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

let browser;
let gallery;
before(async () => {
  gallery = await openGallery(GALLERY);
  browser = await launchBrowser();
});
after(async () => {
  await browser?.close();
  gallery?.stop();
});

/** `0-de-connect-many.html` as brand, language and sample. */
const parts = (name) => name.match(/^(?<brand>\d)-(?<language>\w+)-(?<sample>.+)\.html$/).groups;

test('every page is there in every language', () => {
  const samples = (language) => gallery.pages.map(parts).filter((page) => page.language === language).map(({ sample }) => sample);
  assert.ok(samples('en').length > 100);
  for (const language of LANGUAGES) assert.deepEqual(samples(language), samples('en'));
});

test('every page is valid HTML', async () => {
  const wrong = [];
  // Languages differ in words; what they change in the markup, the one from right to left has.
  const each = gallery.pages.filter((name) => parts(name).language === 'en' || (parts(name).language === 'ar' && parts(name).brand === '0'));
  for (const name of each) {
    const { results } = await validator.validateString(await gallery.read(name), name);
    for (const { messages } of results) wrong.push(...messages.map(({ line, ruleId, message }) => `${name}:${line} ${ruleId}: ${message}`));
  }
  assert.deepEqual(wrong, []);
});

test('every page is accessible and fits, however it is looked at', async () => {
  // One brand in every language, the other, which has a logo and a bright colour, in one.
  const left = gallery.pages.filter((name) => parts(name).brand === '0' || parts(name).language === 'en');
  const wrong = [];
  await Promise.all(Array.from({ length: WINDOWS }, async () => {
    const { page, problems, close } = await openPerson(browser, { prepare: bringAxe });
    for (let name = left.pop(); name; name = left.pop()) {
      await page.goto(`${gallery.origin}/${name}`);
      for (const finding of await findings(page, looksAt(parts(name)))) wrong.push(`${name}: ${finding}`);
    }
    await close();
    wrong.push(...problems);
  }));
  assert.deepEqual(wrong, []);
});

/** What changes with the width is the layout; the reader's own colours and fifty of a kind are the same in every language. */
function looksAt({ language, sample }) {
  const looks = LOOKS.map((look) => (look.width < 1280 ? { ...look, layout: true } : look));
  return looks.filter((look) => language === 'en' || look.layout || !(look.forcedColors || /many$/.test(sample)));
}
