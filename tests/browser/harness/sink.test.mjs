import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { startSink } from './sink.mjs';

test('the sink hands over each mail once, to whom it was sent', async () => {
  const sink = await startSink();
  try {
    await send(sink.url, 'a@globex.example', 'First');
    await send(sink.url, 'b@globex.example', 'Other');
    await send(sink.url, 'a@globex.example', 'Second');
    assert.equal((await sink.next('a@globex.example')).subject, 'First');
    assert.equal((await sink.next('a@globex.example')).subject, 'Second');
    assert.equal((await sink.next('b@globex.example')).text.trim(), 'Body of Other');
  } finally {
    await sink.stop();
  }
});

/** A mail in the fewest lines of RFC 5321 that make one. */
async function send(url, to, subject) {
  const socket = net.connect(new URL(url).port, '127.0.0.1');
  const answers = socket[Symbol.asyncIterator]();
  await answers.next();
  const message = `From: s@mail.example\r\nTo: ${to}\r\nSubject: ${subject}\r\n\r\nBody of ${subject}\r\n.`;
  for (const line of ['HELO test', 'MAIL FROM:<s@mail.example>', `RCPT TO:<${to}>`, 'DATA', message, 'QUIT']) {
    socket.write(`${line}\r\n`);
    await answers.next();
  }
  socket.destroy();
}
