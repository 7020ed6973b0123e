// Pictures of the console's pages as the owner sees them: `npm run console-shots -- DIRECTORY [words of paths]`
import fs from 'node:fs/promises';
import path from 'node:path';

import { lookAt } from './harness/looks.mjs';
import { signInOwner } from './harness/owner.mjs';
import { CRM, SHEETS, startWorld } from './harness/world.mjs';

const LOOKS = {
  desktop: { colorScheme: 'light', width: 1280 },
  dark: { colorScheme: 'dark', width: 1280 },
  phone: { colorScheme: 'light', width: 360 },
};
const PATHS = [
  '', '/requests', '/requests/new', '/requests/import', '/workflows', '/workflows/new', '/connections', '/workspaces', '/people',
  '/apps', '/apps?q=nonesuch', '/apps/new', '/apps/slack', '/apps/acme-crm', '/apps/shopify', '/domains', '/email', '/email/relay',
  '/email/held-back', '/theme', '/start', '/keys', '/audit', '/settings',
];

const [directory, ...wanted] = process.argv.slice(2);
if (!directory) {
  console.error('usage: npm run console-shots -- DIRECTORY [words of paths]');
  process.exit(2);
}
await fs.mkdir(directory, { recursive: true });
const world = await startWorld();
try {
  await world.ask([CRM, SHEETS]);
  const theme = await world.api.post('/themes', { name: 'Northwind', color: '#2f6f4f' });
  const domain = await world.api.post('/domains', { host: 'connect.northwind.example' });
  const sender = await world.api.post('/sender-domains', { host: 'mail.northwind.example' });
  const paths = [
    ...PATHS, `/theme/versions/${theme.id}`, `/theme/versions/${theme.id}/colors`, `/theme/compare?old=${theme.id}&new=${theme.id}`,
    `/domains/${domain.id}`, `/domains/${domain.id}/primary`, `/email/domains/${sender.id}`,
  ];
  const { page, close } = await signInOwner(world, { friends: [] });
  for (const asked of paths.filter((one) => !wanted.length || wanted.some((word) => one.includes(word)))) {
    await page.goto(`${world.product.origin}/dashboard${asked}`);
    const name = asked.replace(/(thm|dom|snd|sdm)_\w+/g, 'id').replace(/\W+/g, '-').replace(/^-|-$/g, '') || 'home';
    for (const [look, how] of Object.entries(LOOKS)) {
      await lookAt(page, how);
      await page.screenshot({ path: path.join(directory, `${name}-${look}.png`), fullPage: true });
    }
  }
  await close();
} finally {
  await world.stop();
}
