// Pictures of pages of the gallery whose names match: desktop light and dark, and a phone in both.
// `cargo run -p latchkey-themes --example gallery -- GALLERY && npm run gallery-shots -- GALLERY DIRECTORY [PATTERN]`
import fs from 'node:fs/promises';
import path from 'node:path';

import { launchBrowser, openPerson } from './harness/browser.mjs';
import { openGallery } from './harness/gallery.mjs';
import { lookAt } from './harness/looks.mjs';

const LOOKS = {
  desktop: { colorScheme: 'light', width: 1280 },
  dark: { colorScheme: 'dark', width: 1280 },
  phone: { colorScheme: 'light', width: 360 },
  'phone-dark': { colorScheme: 'dark', width: 360 },
};

const [from, to, pattern = '.'] = process.argv.slice(2);
if (!from || !to) {
  console.error('usage: npm run gallery-shots -- GALLERY DIRECTORY [PATTERN]');
  process.exit(2);
}
await fs.mkdir(to, { recursive: true });
const gallery = await openGallery(from);
const browser = await launchBrowser();
try {
  const { page } = await openPerson(browser, {});
  for (const name of gallery.pages.filter((name) => new RegExp(pattern).test(name))) {
    await page.goto(`${gallery.origin}/${name}`);
    for (const [look, how] of Object.entries(LOOKS)) {
      await lookAt(page, how);
      await page.screenshot({ path: path.join(to, `${name.replace('.html', '')}-${look}.png`), fullPage: true });
    }
  }
} finally {
  await browser.close();
  gallery.stop();
}
