import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { exchange } from '../harness/net.mjs';
import { answerProvider, badge, connect, deadLink, goToProvider, progress } from '../harness/recipient.mjs';
import { forms, witness } from '../harness/witness.mjs';
import { CRM, SHEETS, linkIn, startWorld } from '../harness/world.mjs';

const KINDS = ['client secret', 'code', 'state', 'verifier', 'access', 'refresh', 'identity', 'link', 'cookie', 'key'];

let world;
before(async () => { world = await startWorld({ settings: { LATCHKEY_LOG: 'trace' } }); });
after(() => world?.stop());

test('no secret of a whole handoff lies where it does not belong', async () => {
  const { email, links, answers, said } = await handoff();
  const secrets = [
    ...world.provider.told,
    ...links.map((link) => ({ kind: 'link', value: link.split('/').at(-1) })),
    ...cookies(answers),
    ...ownKeys(),
  ].filter(({ value }) => value.length >= 16);
  assert.deepEqual([...new Set(secrets.map(({ kind }) => kind))].sort(), [...KINDS].sort(), 'every kind was seen');

  const log = await world.product.log();
  assert.match(log, /TRACE/);
  const all = () => true;
  expectNone('the log', log, secrets, all);
  const files = await databaseFiles();
  assert.ok(files.some(([, bytes]) => bytes.includes(email)), 'the files are those of this database');
  for (const [name, bytes] of files) expectNone(name, bytes, secrets, all);
  const metrics = await fetch(`${world.product.admin}/metrics`);
  expectNone('the metrics', await metrics.text(), secrets, all);
  for (const mail of world.sink.mails) {
    expectNone(`the mail "${mail.subject}"`, mail.raw, secrets, ({ kind, value }) => kind !== 'link' || !mail.text?.includes(value));
  }
  for (const { url, status, headers, body } of answers) {
    const rest = headers.filter(({ name }) => !['set-cookie', 'location'].includes(name.toLowerCase()));
    // Who opens a dead link gets a form that leads back to the very address.
    const own = ({ kind, value }) => kind !== 'link' || !url.includes(value) || status === 303;
    expectNone(`the answer of ${new URL(url).pathname}`, JSON.stringify(rest) + body, secrets, own);
    const target = headers.find(({ name }) => name.toLowerCase() === 'location')?.value ?? '';
    expectNone(`where ${new URL(url).pathname} leads`, target, secrets, ({ kind }) => kind !== 'state');
  }
  expectNone('what the API says', JSON.stringify(said), secrets, all);
});

/** Denial, two connections, tokens, a revocation, dead and fresh links: all that a handoff can bring. */
async function handoff() {
  const ask = await world.ask([CRM, SHEETS]);
  const { context, page, close } = await world.person();
  const answers = witness(context, world.product.origin);
  await page.goto(ask.link);
  await goToProvider(page, CRM);
  await answerProvider(page, 'deny');
  await badge(page, CRM, 'Awaiting authorisation').waitFor();
  await connect(page, CRM);

  const { url: second } = await world.api.post(`/requests/${ask.id}/link`);
  await page.goto(ask.link);
  await deadLink(page).waitFor();
  await page.getByRole('button', { name: 'Send me a fresh link' }).click();
  await page.getByText('a fresh link is on its way').waitFor();
  const third = linkIn(await world.sink.next(ask.email));
  await page.goto(third);
  await connect(page, SHEETS);
  await progress(page, 2, 2).waitFor();
  await exchange(second);
  const seen = await answers();
  await close();

  const { items } = await world.request(ask);
  for (const { connection_id: id } of items) await world.api.post(`/connections/${id}/access-token`);
  const said = [await world.api.delete(`/connections/${items[0].connection_id}`)];
  for (const path of ['/apps', '/apps/acme-crm', '/requests', `/requests/${ask.id}`, '/connections', `/connections/${items[1].connection_id}`, '/events?limit=100']) {
    said.push(await world.api.get(path));
  }
  return { email: ask.email, links: [ask.link, second, third], answers: seen, said };
}

const cookies = (answers) => answers
  .flatMap(({ headers }) => headers)
  .filter(({ name }) => name.toLowerCase() === 'set-cookie')
  .map(({ value }) => ({ kind: 'cookie', value: value.split(';')[0].split('=').slice(1).join('=') }))
  .filter(({ value }) => /^[\w-]{30,}$/.test(value));

function ownKeys() {
  const { env, agency } = world.product;
  return [env.LATCHKEY_VAULT_KEY, env.LATCHKEY_EDGE_SECRET, agency.api_key].map((value) => ({ kind: 'key', value }));
}

async function databaseFiles() {
  const names = (await fs.readdir(world.directory)).filter((name) => /^latchkey\.db/.test(name));
  assert.ok(names.length > 0);
  return Promise.all(names.map(async (name) => [name, await fs.readFile(path.join(world.directory, name))]));
}

/** `place` holds none of the secrets that `forbidden` picks, in no form. */
function expectNone(what, place, secrets, forbidden) {
  for (const secret of secrets.filter(forbidden)) {
    for (const form of forms(secret.value)) {
      assert.ok(!place.includes(form), `${what} holds a secret of kind "${secret.kind}"`);
    }
  }
}
