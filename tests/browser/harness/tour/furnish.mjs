import fs from 'node:fs/promises';
import path from 'node:path';

import { join, memberId } from '../members.mjs';
import { connect } from '../recipient.mjs';
import { BOARD, CRM, SHEETS } from '../world.mjs';

const furnished = new WeakMap();

/** An agency in the middle of its work, so that each page of the console has something to show. Answers the ids of it. */
export function furnish(world) {
  if (!furnished.has(world)) furnished.set(world, work(world));
  return furnished.get(world);
}

async function work(world) {
  const { api } = world;
  const [requests, people] = [await requestsOfEachKind(world), await peopleOfEachKind(world)];
  const { id: other } = await api.post('/workspaces', { name: 'Initech & Söhne Versicherungsvermittlungsgesellschaft', slug: 'initech' });
  const published = await api.post('/themes', { name: 'Northwind', color: '#2f6f4f' });
  await api.post(`/themes/${published.id}/publish`);
  const draft = await api.post('/themes', { name: 'Northwind in autumn', color: '#c2410c' });
  const written = await starter(world);
  const domain = await api.post('/domains', { host: 'connect.northwind.example' });
  const sender = await api.post('/sender-domains', { host: 'mail.northwind.example' });
  return { ...requests, ...people, other, published: published.id, draft: draft.id, written, domain: domain.id, sender: sender.id };
}

/** A theme of files with settings of its own: the one that `latchkey theme new` begins with. */
async function starter({ api, directory, product }) {
  const [folder, key] = ['starter', 'key'].map((name) => path.join(directory, name));
  await fs.writeFile(key, api.key);
  await product.run('theme', 'new', folder);
  await product.run('theme', 'push', '--url', product.local, '--key-file', key, folder);
  const { data: [newest] } = await api.get('/themes?limit=1');
  return newest.id;
}

async function requestsOfEachKind(world) {
  const { api } = world;
  const sent = await world.ask([CRM, SHEETS]);
  const done = await world.ask([CRM, SHEETS]);
  const held = await world.ask([CRM], { slot: { expected_account: 'reports@globex.example' } });
  const cancelled = await world.ask([CRM]);
  await api.post(`/requests/${cancelled.id}/cancel`);
  const queued = await world.askFor(await world.workflow([CRM, BOARD]), { recipient: { email: world.address('lu'), name: 'Lu' }, send: false });
  for (const [ask, apps] of [[done, [CRM, SHEETS]], [held, [CRM]]]) await answer(world, ask, apps);
  const { items: [active, revoked] } = await world.request(done);
  await api.delete(`/connections/${revoked.connection_id}`);
  return {
    sent: sent.id, done: done.id, held: held.id, cancelled: cancelled.id, queued: queued.id,
    waiting: sent.workflow.id, paused: done.workflow.id, active: active.connection_id, revoked: revoked.connection_id,
  };
}

async function answer(world, { link }, apps) {
  const { page, close } = await world.person();
  await page.goto(link);
  for (const app of apps) await connect(page, app);
  await close();
}

async function peopleOfEachKind(world) {
  const ids = {};
  for (const role of ['admin', 'client']) {
    const email = world.address(role);
    const { page, close } = await world.person();
    await join(page, await world.invite(email, role, 'Jo'));
    await close();
    ids[role] = await memberId(world, email);
  }
  for (const role of ['member', 'client']) await world.invite(world.address(`invited-${role}`), role, 'Kim');
  return ids;
}
