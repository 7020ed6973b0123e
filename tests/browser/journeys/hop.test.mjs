import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';

import { answerProvider, connectButton, progress } from '../harness/recipient.mjs';
import { CRM, SHEETS, startWorld } from '../harness/world.mjs';

const PAGE = 'connect.northwind.localhost';
const run = promisify(execFile);

let world;
let pageOrigin;
before(async () => {
  world = await startWorld({ settings: { LATCHKEY_PLATFORM_HOST: 'latch.localhost' } });
  const { port } = new URL(world.product.origin);
  pageOrigin = `http://${PAGE}:${port}`;
  const domain = await world.api.post('/domains', { host: PAGE });
  await prove(domain.id);
  const moved = await world.api.post(`/domains/${domain.id}/primary`);
  for (const uri of moved.redirect_uris) assert.ok(uri.next_redirect_uri.startsWith(pageOrigin), uri.next_redirect_uri);
});
after(() => world?.stop());

test('a client connects on the primary host while the redirect URIs are registered on the first one', async () => {
  const ask = await world.ask([CRM, SHEETS]);
  assert.ok(ask.link.startsWith(`${pageOrigin}/connect/`), ask.link);
  const friends = [pageOrigin, world.product.origin, world.provider.issuer];
  const { context, page, problems, close } = await world.person({ friends });
  const passed = [];
  page.on('request', (request) => {
    if (request.isNavigationRequest()) passed.push(new URL(request.url()));
  });
  await page.goto(ask.link);
  passed.length = 0;
  await connectButton(page, CRM).click();
  await page.waitForURL(/\/interaction\//);
  assert.deepEqual(steps(passed).slice(0, 3), [
    `${pageOrigin}/connect/items/start`, `${world.product.origin}/oauth/hop`, `${world.provider.issuer}/auth`,
  ]);
  await answerProvider(page, 'allow');
  await progress(page, 1, 2).waitFor();
  assert.deepEqual(steps(passed).slice(-3), [
    `${world.product.origin}/oauth/callback`, `${pageOrigin}/oauth/return`, `${pageOrigin}/connect/requests`,
  ]);
  assert.match(page.url(), new RegExp(`^${pageOrigin}/connect/requests/[^/?#]+$`));

  // The provider asks nothing this time: one chain of redirects over both hosts, under the page's own policy.
  await connectButton(page, SHEETS).click();
  await page.waitForURL(/\/interaction\//);
  await answerProvider(page, 'allow');
  await progress(page, 2, 2).waitFor();
  assert.equal((await world.request(ask)).status, 'completed');
  const there = await context.cookies(world.product.origin);
  assert.deepEqual(there.map(({ name }) => name), [], 'nothing stays on the other host');
  assert.deepEqual(problems, []);
  await close();
});

/** Where the browser went, without what is different each time. */
function steps(urls) {
  return urls.map(({ origin, pathname }) => {
    const parts = pathname.split('/').filter((part) => !/^(itm_|req_|[\w-]{20,}$)/.test(part));
    return origin + parts.join('/');
  });
}

/** What the checks and the certificate of an edge would make of a claim; there is no edge here. */
async function prove(id) {
  const file = world.product.env.LATCHKEY_DATABASE_URL.replace('sqlite://', '');
  const program = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=20); '
    + "print(c.execute(\"update domains set state = 'live', bound = 1 where id = ?\", (sys.argv[2],)).rowcount); c.commit()";
  const { stdout } = await run('python3', ['-c', program, file, id]);
  assert.equal(stdout.trim(), '1');
}
