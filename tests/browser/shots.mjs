// Pictures of every page in three widths and in the dark, and of what clients see from right to left too:
// `npm run shots -- DIRECTORY [beginnings of names]`, where names begin with `link`, `portal`, `sign-in`, `console`, `forms`, `mail` or `gallery`.
import { execFile } from 'node:child_process';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { launchBrowser, openPerson } from './harness/browser.mjs';
import { openGallery } from './harness/gallery.mjs';
import { lookAt } from './harness/looks.mjs';
import { WALKS } from './harness/tour/index.mjs';
import { CRM, SHEETS, startWorld } from './harness/world.mjs';

const LOOKS = {
  1280: { colorScheme: 'light', width: 1280 },
  768: { colorScheme: 'light', width: 768 },
  320: { colorScheme: 'light', width: 320 },
  dark: { colorScheme: 'dark', width: 1280 },
  'dark-320': { colorScheme: 'dark', width: 320 },
};

const [directory, ...words] = process.argv.slice(2);
if (!directory) {
  console.error('usage: npm run shots -- DIRECTORY [beginnings of names]');
  process.exit(2);
}
await fs.mkdir(directory, { recursive: true });
await shootProgram();
if (mayBegin('gallery')) await shootGallery();

/** Whether names that begin so may be wanted. */
function mayBegin(group) {
  return !words.length || words.some((word) => word.startsWith(group) || group.startsWith(word));
}

function isWanted(name) {
  return !words.length || words.some((word) => name.startsWith(word));
}

async function shoot(name, page) {
  if (!isWanted(name)) return;
  for (const [look, how] of Object.entries(LOOKS)) {
    await lookAt(page, how);
    await page.screenshot({ path: path.join(directory, `${name}-${look}.png`), fullPage: true });
  }
}

/** The running program, as people come to its pages. */
async function shootProgram() {
  const walks = Object.entries(WALKS).filter(([group]) => mayBegin(group));
  if (!walks.length && !mayBegin('mail')) return;
  const world = await startWorld();
  try {
    if (mayBegin('mail')) await shootMail(world);
    for (const [group, walk] of walks) await walk(world, {}, (name, page) => shoot(`${group}-${name}`, page));
  } finally {
    await world.stop();
  }
}

async function shootMail(world) {
  const { mail } = await world.ask([CRM, SHEETS]);
  const { page, close } = await world.person({ friends: [] });
  await page.setContent(mail.html);
  await shoot('mail', page);
  await close();
}

/** What the base theme makes of every sample, in English and in Arabic. */
async function shootGallery() {
  const written = process.env.LATCHKEY_GALLERY ?? await writeGallery();
  const gallery = await openGallery(written);
  const browser = await launchBrowser();
  try {
    const { page } = await openPerson(browser);
    for (const file of gallery.pages.filter((one) => /^0-(en|ar)-/.test(one))) {
      const name = `gallery-${file.replace(/^0-|\.html$/g, '')}`;
      if (!isWanted(name)) continue;
      await page.goto(`${gallery.origin}/${file}`);
      await shoot(name, page);
    }
  } finally {
    await browser.close();
    gallery.stop();
    if (!process.env.LATCHKEY_GALLERY) await fs.rm(written, { recursive: true });
  }
}

async function writeGallery() {
  const written = await fs.mkdtemp(path.join(os.tmpdir(), 'gallery-'));
  const root = fileURLToPath(new URL('../..', import.meta.url));
  await promisify(execFile)('cargo', ['run', '--quiet', '--package', 'latchkey-themes', '--example', 'gallery', '--', written], { cwd: root });
  return written;
}
