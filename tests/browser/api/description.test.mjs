import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { connect } from '../harness/recipient.mjs';
import { BOARD, CRM, SHEETS, startWorld } from '../harness/world.mjs';

const HOOKS = fileURLToPath(new URL('../../tools/schemathesis_hooks.py', import.meta.url));
const CHECKS = [
  'not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_headers_conformance',
  'response_schema_conformance', 'negative_data_rejection', 'positive_data_acceptance', 'unsupported_method', 'ignored_auth',
];
/** What is refused although it fits the description, because JSON Schema cannot say it. */
const BEYOND_SCHEMA = [
  'GET \\S+ cursor a `next_cursor` of this list is expected',
  'POST /apps .*',
  'PUT /apps/{app}/oauth-client /client_secret is required, unless token_endpoint_auth_method is `none`',
  'POST /workflows /slots/\\d+/app there is no such app.*',
  'PATCH /workflows/{id} /slots/\\d+/id .*',
  'POST /requests /recipient/email .*',
  'POST /requests /member_id this workspace has no such portal member',
  'POST /requests /items/\\d+/slot_id this slot is named twice',
  'POST /domains /host .*',
  'POST /apps/{app}/oauth-client/redirect-host /host .*',
  'POST /requests /reminders reminders come .*',
  'POST /invitations /(email|workspace_id) .*',
  'PUT /identity-provider /issuer .*',
  'POST /sender-domains /host .*',
  'PUT /mail-relay /(host|port|sender) .*',
  'POST /themes /(logo|icon) .*',
  'POST /themes/{id}/preview .*',
];

test('the API answers what its description says, to good and bad data', async () => {
  const world = await startWorld();
  try {
    const known = await furnish(world);
    const { code, output } = await schemathesis(world, known);
    assert.equal(code, 0, output);
  } finally {
    await world.stop();
  }
});

/** One of everything, so that calls about something that is there can be tried too. */
async function furnish(world) {
  const done = await world.ask([CRM, SHEETS]);
  const { page, close } = await world.person();
  await page.goto(done.link);
  for (const app of [CRM, SHEETS]) await connect(page, app);
  await close();
  const asks = [done, await world.ask([CRM, BOARD]), await world.ask([SHEETS])];
  const items = (await world.request(done)).items;
  const domains = [];
  for (const host of ['connect.acme.example', 'connect.globex.example']) domains.push(await world.api.post('/domains', { host }));
  const sender = await world.api.post('/sender-domains', { host: 'mail.acme.example' });
  const theme = await world.api.post('/themes', { name: 'Acme', color: '#2f6f4f' });
  const invitation = await world.api.post('/invitations', { email: 'ad@acme.example', role: 'member' });
  const members = await world.api.get('/members');
  return {
    members: members.data.map(({ id }) => id),
    'sender-domains': [sender.id],
    themes: [theme.id],
    invitations: [invitation.id],
    domains: domains.map(({ id }) => id),
    apps: [CRM, SHEETS, BOARD].map(({ slug }) => slug),
    workspaces: [world.workspace.id],
    workflows: asks.map(({ workflow }) => ({ workflow_id: workflow.id, slot_id: workflow.slots[0].id })),
    requests: asks.map(({ id }) => id),
    connections: items.map((item) => item.connection_id),
  };
}

async function schemathesis(world, known) {
  const output = [];
  const child = spawn(process.env.LATCHKEY_SCHEMATHESIS ?? 'schemathesis', [
    'run', `${world.product.local}/api/v1/openapi.json`,
    '--header', `Authorization: Bearer ${world.product.agency.api_key}`,
    '--checks', CHECKS.join(','), '--phases', 'examples,coverage,fuzzing', '--mode', 'all',
    '--max-examples', '25', '--generation-deterministic', '--request-timeout', '60', '--continue-on-failure', '--no-color',
  ], {
    cwd: world.directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      SCHEMATHESIS_HOOKS: HOOKS,
      LATCHKEY_API_KNOWN: JSON.stringify(known),
      LATCHKEY_API_BEYOND_SCHEMA: BEYOND_SCHEMA.join('|'),
    },
  });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
  const [code] = await once(child, 'close');
  return { code, output: Buffer.concat(output).toString('utf8') };
}
