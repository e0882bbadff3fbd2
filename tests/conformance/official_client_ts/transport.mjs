// The TypeScript client on the wire. Every exported function is one check, run by scenario.mjs.

import assert from 'node:assert/strict';

import {
  AuthenticationError,
  BadRequestError,
  NotFoundError,
  UnprocessableEntityError,
} from '@turbopuffer/turbopuffer';

import { BY_ID, COSINE, client, ids, reason, refusal } from './shared.mjs';

const LARGE = 4096;
const VECTORS = { rank_by: BY_ID, top_k: 9, include_attributes: ['vector'] };

async function fill(ns, dimensions, count) {
  const vector = Array(dimensions).fill(0.123456);
  const rows = Array.from({ length: count }, (_, id) => ({ id, vector }));
  await ns.write({ upsert_rows: rows, distance_metric: COSINE });
}

/** The namespace of a client that compresses. */
function compressing(name) {
  return client.withOptions({ compression: true }).namespace(name);
}

/** A namespace of this name, and how the bodies of its requests are encoded. */
function watched(name) {
  const sent = [];
  const fetching = (url, init) => {
    sent.push(new Headers(init.headers).get('content-encoding'));
    return fetch(url, init);
  };
  const options = { compression: true, fetch: fetching };
  return [client.withOptions(options).namespace(name), sent];
}

/** The length of an answer as it was sent, and as it is; the client itself hides the encoding. */
async function lengths(ns) {
  const response = await ns.query(VECTORS).asResponse();
  assert.equal(response.headers.get('content-type'), 'application/json');
  const { byteLength } = await response.arrayBuffer();
  return [Number(response.headers.get('content-length')), byteLength];
}

export async function answers_are_plain_unless_compression_is_on(ns) {
  await fill(ns, LARGE, 2);
  const [sent, length] = await lengths(ns);
  assert.equal(sent, length);
  assert.ok(length > 2 * LARGE);
}

export async function large_answers_are_compressed_when_compression_is_on(ns, name) {
  await fill(ns, LARGE, 2);
  const [sent, length] = await lengths(compressing(name));
  assert.ok(sent < length, `${sent} of ${length} bytes`);
  const { rows } = await compressing(name).query(VECTORS);
  assert.deepEqual(rows.map((row) => row.vector.length), [LARGE, LARGE]);
}

export async function small_answers_are_never_compressed(ns, name) {
  await fill(ns, 1, 1);
  const [sent, length] = await lengths(compressing(name));
  assert.equal(sent, length);
}

export async function large_requests_are_compressed_when_compression_is_on(ns, name) {
  const [watching, sent] = watched(name);
  await fill(watching, LARGE, 1);
  await watching.write({ deletes: [9] });
  assert.deepEqual(sent, ['gzip', null]);
  assert.deepEqual(ids(await ns.query(VECTORS)), [0]);
}

export async function what_callers_add_is_ignored(ns) {
  await fill(ns, 2, 1);
  const headers = { 'X-Stainless-Retry-Count': '3', 'X-Extra': '1' };
  const answer = await ns.query(VECTORS, { headers, query: { unknown: '1' } });
  assert.deepEqual(ids(answer), [0]);
}

export async function many_queries_run_at_once(ns) {
  await fill(ns, 2, 4);
  const queries = Array.from({ length: 24 }, (_, i) =>
    ns.query({ rank_by: BY_ID, top_k: 1, filters: ['id', 'Eq', i % 4] }),
  );
  const found = await Promise.all(queries);
  assert.deepEqual(found.flatMap(ids), Array.from({ length: 24 }, (_, i) => i % 4));
}

export async function errors_are_of_the_class_of_their_status(ns, name) {
  const missing = await refusal(ns.query(VECTORS));
  assert.ok(missing instanceof NotFoundError);
  assert.equal(reason(missing), `🤷 namespace '${name}' was not found`);
  await fill(ns, 2, 1);
  const wrong = await refusal(ns.query({ rank_by: [], top_k: 1 }));
  assert.ok(wrong instanceof BadRequestError);
  assert.equal(reason(wrong), '💔 rank_by cannot be empty');
  const shape = await refusal(ns.write({ upsert_rows: { id: 1 } }));
  assert.ok(shape instanceof UnprocessableEntityError);
  assert.match(reason(shape), /invalid type: map, expected a sequence/);
  const stranger = client.withOptions({ apiKey: 'tpuf_wrong' }).namespace(name);
  assert.ok((await refusal(stranger.query(VECTORS))) instanceof AuthenticationError);
}

export async function names_of_other_characters_are_refused_in_plain_text() {
  const error = await refusal(client.namespace('a b').metadata());
  assert.ok(error instanceof BadRequestError);
  assert.match(error.message, /Namespace contains invalid characters, must be \[A-Za-z0-9-_\.\]/);
}
