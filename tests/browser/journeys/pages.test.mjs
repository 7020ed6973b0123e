import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { judge } from '../harness/judge.mjs';
import { bringAxe } from '../harness/looks.mjs';
import { walkLink } from '../harness/tour/link.mjs';
import { startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

test('every page of a link is accessible, light, and fits, however it is looked at', async () => {
  const { visit, verdict } = judge();
  const problems = [];
  await walkLink(world, { prepare: bringAxe, problems }, visit);
  verdict({ atLeast: 12 });
  assert.deepEqual(problems, []);
});

test('no page, header or cookie names the product', async () => {
  await walkLink(world, {}, async (state, page, response) => {
    assert.doesNotMatch(await page.content(), /latchkey|minijinja|axum/i, state);
    for (const { name, value } of (await response?.headersArray()) ?? []) {
      assert.doesNotMatch(`${name}: ${value}`, /latchkey|axum|hyper|pingora/i, state);
    }
    for (const cookie of await page.context().cookies(world.product.origin)) {
      assert.doesNotMatch(cookie.name, /latchkey/i, state);
      assert.match(cookie.name, /^__Host-/, state);
      assert.deepEqual([cookie.secure, cookie.httpOnly, cookie.sameSite, cookie.path], [true, true, 'Lax', '/'], `${state}: ${cookie.name}`);
    }
  });
});

test('o10_w5_every_page_carries_the_headers_that_protect_it', async () => {
  await walkLink(world, {}, async (state, _page, response) => {
    if (!response) return;
    const headers = await response.allHeaders();
    assert.equal(headers['referrer-policy'], 'no-referrer', state);
    assert.match(headers['cache-control'], /no-store/, state);
    assert.equal(headers['x-content-type-options'], 'nosniff', state);
    assert.equal(headers['cross-origin-opener-policy'], 'same-origin', state);
    const policy = headers['content-security-policy'];
    for (const rule of [/object-src 'none'/, /base-uri 'none'/, /frame-ancestors 'none'/, /'nonce-[\w+/=-]{16,}'/]) assert.match(policy, rule, state);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/, state);
  });
});
