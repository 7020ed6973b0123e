import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { launchBrowser, openPerson } from './browser.mjs';
import { startProduct } from './product.mjs';
import { startProvider } from './provider.mjs';
import { startSink } from './sink.mjs';

export const AGENCY = 'Northwind Automations';
export const CRM = { slug: 'acme-crm', name: 'Acme CRM' };
export const SHEETS = { slug: 'acme-sheets', name: 'Acme Sheets' };
/** An app whose OAuth client the agency never registered. */
export const BOARD = { slug: 'acme-board', name: 'Acme Board' };
/** An app of the catalogue whose address is the client's own; there is nobody at it here. */
export const SHOP = { slug: 'shopify', name: 'Shopify', scopes: [] };
const SCOPES = ['openid', 'email'];

/**
 * The product (with `settings` of its own), a mail sink, a provider with the agency's apps on it, and a browser.
 * `fresh`: the agency was just created, and nobody has set up anything.
 */
export async function startWorld({ database = 'sqlite', accessTokenSeconds, settings, fresh = false } = {}) {
  const started = [];
  const keep = (thing) => { started.unshift(thing); return thing; };
  const stop = () => stopAll(started);
  try {
    const directory = keep(await workDirectory());
    const sink = keep(await startSink());
    const provider = keep(await startProvider({ accessTokenSeconds }));
    const product = keep(await startProduct({ database, directory: directory.path, smtpUrl: sink.url, extra: settings }));
    const browser = await launchBrowser();
    keep({ stop: () => browser.close() });
    const world = new World({ directory: directory.path, sink, provider, product, browser, stop });
    if (!fresh) await world.prepareAgency();
    return world;
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** Stops everything in turn, whatever fails on the way, and then fails with the first of it. */
async function stopAll(things) {
  const failures = [];
  for (const thing of things) {
    try {
      await thing.stop();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length) throw failures[0];
}

/** Under the run's log directory where there is one, so that logs outlive a failure; else a throw-away one. */
async function workDirectory() {
  const logs = process.env.LATCHKEY_TEST_LOGS;
  const parent = logs ?? os.tmpdir();
  const created = await fs.mkdtemp(path.join(parent, `${path.basename(process.argv[1] ?? 'world')}-`));
  return { path: created, stop: () => (logs ? undefined : fs.rm(created, { recursive: true })) };
}

class World {
  #people = 0;

  constructor(parts) {
    Object.assign(this, parts);
    this.api = this.product.api;
  }

  async prepareAgency() {
    this.workspace = await this.api.post('/workspaces', { name: 'Globex', slug: 'globex' });
    for (const app of [CRM, SHEETS, BOARD]) {
      await this.api.post('/apps', { ...app, issuer: this.provider.issuer });
    }
    for (const app of [CRM, SHEETS]) await this.registerClient(app);
    await this.api.put(`/apps/${SHOP.slug}/oauth-client`, { client_id: 'shop-client', client_secret: randomUUID() });
  }

  async registerClient({ slug }) {
    const client = { client_id: `client-of-${slug}`, client_secret: randomUUID() };
    const { redirect_uri: redirectUri } = await this.api.put(`/apps/${slug}/oauth-client`, client);
    await this.provider.register({ clientId: client.client_id, clientSecret: client.client_secret, redirectUri });
    this.provider.told.push({ kind: 'client secret', value: client.client_secret });
  }

  /**
   * A workflow that waits for `apps`, and a request for them, sent to somebody new: everything a test needs of it.
   * `slot` holds what every slot asks for besides.
   */
  async ask(apps, { note = 'For your Monday report', slot = {} } = {}) {
    const workflow = await this.api.post('/workflows', {
      workspace_id: this.workspace.id,
      name: 'Weekly report',
      slots: apps.map(({ slug, scopes = SCOPES }) => ({ app: slug, scopes, ...slot })),
    });
    this.#people += 1;
    const email = `jo${this.#people}@globex.example`;
    const request = await this.api.post('/requests', {
      workspace_id: this.workspace.id,
      recipient: { email, name: 'Jo' },
      items: workflow.slots.map((slot) => ({ workflow_id: workflow.id, slot_id: slot.id })),
      note,
      send: true,
    });
    const mail = await this.sink.next(email);
    return { id: request.id, created: request, workflow, email, mail, link: linkIn(mail) };
  }

  gate({ workflow }) { return this.api.get(`/workflows/${workflow.id}/gate`); }
  request({ id }) { return this.api.get(`/requests/${id}`); }

  /** A browser of somebody's own, watched for anything that a page may not do. */
  person(options = {}) {
    return openPerson(this.browser, { friends: [this.product.origin, this.provider.issuer], ...options });
  }
}

/** The one link of a request's mail, from its plain-text part. */
export function linkIn(mail) {
  const links = mail.text.match(/https?:\/\/\S+\/connect\/[\w-]+/g) ?? [];
  if (links.length !== 1) throw new Error(`expected one link in the mail's text, found ${links.length}:\n${mail.text}`);
  return links[0];
}
