import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { exchange } from '../harness/net.mjs';
import { connect, goToProvider, progress } from '../harness/recipient.mjs';
import { CRM, startWorld } from '../harness/world.mjs';

let world;
before(async () => { world = await startWorld(); });
after(() => world?.stop());

test('a link survives everything that mail scanners do to it', async () => {
  const ask = await world.ask([CRM]);
  await Promise.all([
    ...Array.from({ length: 20 }, () => expectOpen(ask.link, 'GET')),
    ...Array.from({ length: 5 }, () => expectOpen(ask.link, 'HEAD')),
    ...Array.from({ length: 3 }, () => post(ask.link)),
    scriptedVisit(ask.link),
    scriptedVisit(ask.link),
    pressesTheButton(ask.link),
  ]);
  assert.equal((await world.request(ask)).items[0].status, 'pending');

  const { page, problems, close } = await world.person();
  await page.goto(ask.link);
  await progress(page, 0, 1).waitFor();
  await connect(page, CRM);
  await progress(page, 1, 1).waitFor();
  assert.deepEqual(problems, []);
  await close();
});

test('a link keeps opening its page after the work is done', async () => {
  const ask = await world.ask([CRM]);
  const { page, close } = await world.person();
  await page.goto(ask.link);
  await connect(page, CRM);
  await progress(page, 1, 1).waitFor();
  await close();
  assert.ok((await exchange(ask.link)).status < 500);
  assert.equal((await world.request(ask)).status, 'completed');
  assert.equal((await world.gate(ask)).state, 'open');
});

async function expectOpen(link, method) {
  const answer = await exchange(link, { method });
  assert.equal(answer.status, 303, `${method} on the link`);
  assert.match(answer.headers.location, /\/connect\/requests\//);
}

/** Scanners post without any cookie or origin of ours; whatever the answer is, it is no crash and changes nothing. */
async function post(link) {
  const answer = await exchange(link, { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b' });
  assert.ok(answer.status < 500, `POST answered ${answer.status}`);
}

async function scriptedVisit(link) {
  const { page, close } = await world.person();
  await page.goto(link);
  await progress(page, 0, 1).waitFor();
  await close();
}

async function pressesTheButton(link) {
  const { page, close } = await world.person();
  await page.goto(link);
  await goToProvider(page, CRM);
  await close();
}
