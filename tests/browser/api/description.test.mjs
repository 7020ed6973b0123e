import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { CRM, startWorld } from '../harness/world.mjs';

const CHECKS = ['not_a_server_error', 'status_code_conformance', 'content_type_conformance', 'response_schema_conformance'];

test('the API answers what its description says', async () => {
  const world = await startWorld();
  try {
    await world.ask([CRM]);
    const output = [];
    const child = spawn(process.env.LATCHKEY_SCHEMATHESIS ?? 'schemathesis', [
      '--config-file', fileURLToPath(new URL('schemathesis.toml', import.meta.url)),
      'run', `${world.product.local}/api/v1/openapi.json`,
      '--header', `Authorization: Bearer ${world.product.agency.api_key}`,
      '--checks', CHECKS.join(','),
      '--phases', 'examples,coverage,fuzzing',
      '--max-examples', '25', '--seed', '7', '--generation-deterministic', '--request-timeout', '40',
      '--continue-on-failure', '--no-color',
    ], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => output.push(chunk));
    const [code] = await once(child, 'close');
    assert.equal(code, 0, Buffer.concat(output).toString('utf8'));
  } finally {
    await world.stop();
  }
});
