import { randomUUID } from 'node:crypto';

/** The agency's API as an automation engine sees it. */
export class Api {
  constructor(base, key) {
    this.base = `${base}/api/v1`;
    this.key = key;
  }

  /** One call; answers `{ status, body }` whatever the status. */
  async call(method, path, body) {
    const headers = { authorization: `Bearer ${this.key}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    if (method === 'POST') headers['idempotency-key'] = randomUUID();
    const response = await fetch(this.base + path, {
      method, headers, redirect: 'manual', body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: text ? JSON.parse(text) : undefined };
  }

  /** One call that must succeed; answers the body. */
  async must(method, path, body) {
    const answer = await this.call(method, path, body);
    if (answer.status >= 300) {
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  get(path) { return this.must('GET', path); }
  post(path, body = {}) { return this.must('POST', path, body); }
  put(path, body) { return this.must('PUT', path, body); }
  delete(path) { return this.must('DELETE', path); }
}
