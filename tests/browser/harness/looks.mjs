import axe from 'axe-core';

/** The ways to look at a page: both colour schemes, a desktop and the narrowest phone of WCAG 1.4.10, and forced colours. */
export const LOOKS = [
  ...['light', 'dark'].flatMap((colorScheme) => [1280, 320].map((width) => ({ colorScheme, width }))),
  { colorScheme: 'dark', width: 1280, forcedColors: 'active' },
];

/** Shows the loaded page in another colour scheme and width, without loading it again. */
export async function lookAt(page, { colorScheme, width, forcedColors = 'none' }) {
  await page.emulateMedia({ colorScheme, forcedColors, reducedMotion: 'reduce' });
  await page.setViewportSize({ width, height: 900 });
}

/** Puts axe into every page of a browser context, past the pages' own content policy. */
export const bringAxe = (context) => context.addInitScript({ content: axe.source });

/** What axe finds wrong, one readable line each. */
export async function violations(page) {
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, {
    // It would copy the styles of shadow roots without their nonce, which the page's policy refuses.
    preload: false,
    // The reader's own colours are not the page's to judge, and axe still reads the page's.
    rules: { 'color-contrast': { enabled: !matchMedia('(forced-colors: active)').matches } },
  })).violations
    .map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`) })));
  return found.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.join('\n  ')}`);
}

/** How many pixels the page is wider than the window: 0 when nobody has to scroll sideways. */
export const overhang = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
