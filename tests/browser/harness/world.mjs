import { randomBytes, randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { startAuthority } from './authority.mjs';
import { launchBrowser, openPerson } from './browser.mjs';
import { eventually, exchange } from './net.mjs';
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
 * `fresh`: the agency was just created, and nobody has set up anything. `edge`: over HTTPS, with an authority and a DNS.
 */
export async function startWorld({ database = 'sqlite', accessTokenSeconds, settings, fresh = false, edge = false } = {}) {
  const started = [];
  const keep = (thing) => { started.unshift(thing); return thing; };
  const stop = () => stopAll(started);
  try {
    const directory = keep(await workDirectory());
    const sink = keep(await startSink());
    const provider = keep(await startProvider({ accessTokenSeconds }));
    const authority = edge ? keep(await startAuthority(directory.path)) : undefined;
    const product = keep(await startProduct({
      database, directory: directory.path, smtpUrl: sink.url, command: edge ? 'serve' : 'app',
      extra: { ...(authority && edgeSettings(authority)), ...settings },
    }));
    const browser = await launchBrowser(authority);
    keep({ stop: () => browser.close() });
    const world = new World({ directory: directory.path, authority, sink, provider, product, browser, stop });
    if (edge) await eventually('the certificate of the first host', () => world.overHttps(new URL(product.origin).hostname));
    if (!fresh) await world.prepareAgency();
    return world;
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

/** Hosts below `connect.example`, behind the edge, at the ports where the authority looks for it. */
function edgeSettings({ http, https, settings }) {
  return {
    ...settings,
    LATCHKEY_EDGE_KEY: randomBytes(32).toString('base64'),
    LATCHKEY_PLATFORM_HOST: 'connect.example',
    LATCHKEY_PUBLIC_ORIGIN: `https://{host}:${https}`,
    LATCHKEY_HTTP_LISTEN: `127.0.0.1:${http}`,
    LATCHKEY_HTTPS_LISTEN: `127.0.0.1:${https}`,
    LATCHKEY_LIMITS: 'client=9999/9999, link=9999/9999, api=9999/9999',
  };
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
  async ask(apps, { note = 'For your Monday report', slot } = {}) {
    const workflow = await this.workflow(apps, slot);
    const email = this.address('jo');
    const request = await this.askFor(workflow, { recipient: { email, name: 'Jo' }, note });
    const mail = await this.sink.next(email);
    return { id: request.id, created: request, workflow, email, mail, link: linkIn(mail) };
  }

  /** A request for all of the workflow's apps, sent unless `more` says otherwise; `more` names to whom. */
  askFor(workflow, more) {
    const items = workflow.slots.map((slot) => ({ workflow_id: workflow.id, slot_id: slot.id }));
    return this.api.post('/requests', { workspace_id: this.workspace.id, items, send: true, ...more });
  }

  /** A workflow that waits for `apps`; `slot` holds what every slot asks for besides. */
  workflow(apps, slot = {}) {
    return this.api.post('/workflows', {
      workspace_id: this.workspace.id,
      name: 'Weekly report',
      slots: apps.map(({ slug, scopes = SCOPES }) => ({ app: slug, scopes, ...slot })),
    });
  }

  /** Of somebody new. */
  address(name) {
    this.#people += 1;
    return `${name}${this.#people}@globex.example`;
  }

  /** Invites somebody as `role`, a client into the workspace; answers the link of the mail. */
  async invite(email, role, name) {
    const workspace = role === 'client' ? { workspace_id: this.workspace.id } : {};
    await this.api.post('/invitations', { email, role, name, ...workspace });
    return linkTo(await this.sink.next(email), '/join/');
  }

  /** What a host answers over HTTPS, with a certificate of the authority. */
  overHttps(host, page = '/sign-in') {
    return exchange(`https://${host}:${this.authority.https}${page}`, { root: this.authority.root });
  }

  gate({ workflow }) { return this.api.get(`/workflows/${workflow.id}/gate`); }
  request({ id }) { return this.api.get(`/requests/${id}`); }

  /** A browser of somebody's own, watched for anything that a page may not do. */
  person(options = {}) {
    return openPerson(this.browser, { friends: [this.product.origin, this.provider.issuer], ...options });
  }
}

/** The link below `path` of a mail, from its plain-text part. */
export const linkTo = (mail, path) => mail.text.match(new RegExp(`https?://\\S+${path}[\\w-]+`))[0];

/** The one link of a request's mail, from its plain-text part. */
export function linkIn(mail) {
  const links = mail.text.match(/https?:\/\/\S+\/connect\/[\w-]+/g) ?? [];
  if (links.length !== 1) throw new Error(`expected one link in the mail's text, found ${links.length}:\n${mail.text}`);
  return links[0];
}
