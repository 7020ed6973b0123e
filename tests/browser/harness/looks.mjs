import { gzipSync } from 'node:zlib';

import axe from 'axe-core';

import { exchange } from './net.mjs';

/**
 * The ways to look at a page: a desktop, a tablet, the narrowest phone of WCAG 1.4.10, each colour scheme, and forced colours.
 * `layout`: whether it fits, and no more.
 */
export const LOOKS = [
  ...[1280, 320].flatMap((width) => ['light', 'dark'].map((colorScheme) => ({ colorScheme, width }))),
  { colorScheme: 'light', width: 768, layout: true },
  { colorScheme: 'dark', width: 1280, forcedColors: 'active' },
];

/** Shows the loaded page in another colour scheme and width, without loading it again. */
export async function lookAt(page, { colorScheme, width, forcedColors = 'none' }) {
  await page.emulateMedia({ colorScheme, forcedColors, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: 900 });
}

/** Puts axe into every page of a browser context, past the pages' own content policy. */
export const bringAxe = (context) => context.addInitScript({ content: axe.source });

/** A frame that may run no script runs none of the tests' either, and the browser says so. */
export const isOfTests = (problem) => /^Blocked script execution in .*sandboxed/.test(problem);

/** What axe finds wrong, one readable line each. */
export async function violations(page) {
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, {
    // It would copy the styles of shadow roots without their nonce, which the page's policy refuses.
    preload: false,
    // What stands in frames is looked at where it stands by itself.
    iframes: false,
    // The reader's own colours are not the page's to judge, and axe still reads the page's.
    rules: { 'color-contrast': { enabled: !matchMedia('(forced-colors: active)').matches } },
  })).violations
    .map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`) })));
  return found.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.join('\n  ')}`);
}

/** How many pixels the page is wider than the window: 0 when nobody has to scroll sideways. */
export const overhang = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

/** What is wrong with the loaded page however it is looked at: what axe finds, and what makes people scroll sideways. */
export async function findings(page, looks = LOOKS) {
  const found = [];
  for (const look of looks) {
    await lookAt(page, look);
    const how = `${look.forcedColors ? 'forced colours' : look.colorScheme}, ${look.width} px`;
    const pixels = await overhang(page);
    if (pixels) found.push(`${how}: ${pixels} pixels to scroll sideways`);
    if (!look.layout) found.push(...(await violations(page)).map((violation) => `${how}: ${violation}`));
  }
  return found;
}

const fetched = new Map();

/** How many bytes the page is, gzipped: its HTML, and the style sheets and scripts that it names. */
export async function weight(page) {
  const parts = await page.evaluate(() => [...document.querySelectorAll('link[rel=stylesheet], script[src]')].map((part) => part.href || part.src));
  for (const url of parts) {
    if (!fetched.has(url)) fetched.set(url, (await exchange(url)).text);
  }
  const texts = [await page.content(), ...parts.map((url) => fetched.get(url))];
  return texts.reduce((sum, text) => sum + gzipSync(text).length, 0);
}
