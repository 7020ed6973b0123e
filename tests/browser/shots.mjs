// Pictures of every page state: desktop light and dark, and a phone. `npm run shots -- DIRECTORY`
import fs from 'node:fs/promises';
import path from 'node:path';

import { lookAt } from './harness/looks.mjs';
import { walkStates } from './harness/states.mjs';
import { startWorld } from './harness/world.mjs';

const LOOKS = {
  desktop: { colorScheme: 'light', width: 1280 },
  dark: { colorScheme: 'dark', width: 1280 },
  phone: { colorScheme: 'light', width: 360 },
};

const directory = process.argv[2];
if (!directory) {
  console.error('usage: npm run shots -- DIRECTORY');
  process.exit(2);
}
await fs.mkdir(directory, { recursive: true });
const world = await startWorld();
try {
  await walkStates(world, {}, async (state, page) => {
    for (const [name, look] of Object.entries(LOOKS)) {
      await lookAt(page, look);
      await page.screenshot({ path: path.join(directory, `${state}-${name}.png`), fullPage: true });
    }
  });
  const mail = world.sink.mails.find(({ html }) => html);
  const { page, close } = await world.person({ friends: [] });
  await page.setContent(mail.html);
  for (const [name, look] of Object.entries(LOOKS)) {
    await lookAt(page, look);
    await page.screenshot({ path: path.join(directory, `mail-${name}.png`), fullPage: true });
  }
  await close();
} finally {
  await world.stop();
}
