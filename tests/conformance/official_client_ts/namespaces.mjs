// The TypeScript client manages namespaces. Every exported function is one check, run by
// scenario.mjs.

import assert from 'node:assert/strict';

import { PermissionDeniedError } from '@turbopuffer/turbopuffer';

import { BY_ID, COSINE, client, ids, near, reason, refusal, stored } from './shared.mjs';

const FULL_TEXT = {
  k1: 1.2,
  k3: 8,
  b: 0.75,
  language: 'english',
  stemming: true,
  max_token_length: 39,
  remove_stopwords: true,
  ascii_folding: false,
  case_sensitive: false,
  tokenizer: 'word_v4',
};

async function fill(ns) {
  await ns.write({
    upsert_rows: [
      { id: 1, vector: [0.1, 0.1], title: 'one', private: true },
      { id: 2, vector: [0.2, 0.2], title: null, private: null },
    ],
    distance_metric: COSINE,
    schema: {
      title: { type: 'string', full_text_search: { stemming: true, remove_stopwords: true } },
      vector: { type: '[2]f16', ann: true },
    },
  });
}

export async function schemas_are_read(ns) {
  await fill(ns);
  const nothing = { filterable: null, full_text_search: null };
  assert.deepEqual(await ns.schema(), {
    id: { type: 'uint', ...nothing },
    title: { type: 'string', filterable: false, full_text_search: FULL_TEXT },
    private: { type: 'bool', filterable: true, full_text_search: null },
    vector: { type: '[2]f16', ann: true, ...nothing },
  });
}

export async function schemas_are_updated(ns) {
  await fill(ns);
  const title = { type: 'string', filterable: true, full_text_search: false };
  const updated = await ns.updateSchema({
    schema: { title, private: { type: 'bool', filterable: false }, n: 'int' },
  });
  assert.deepEqual(updated.title, { type: 'string', filterable: true, full_text_search: null });
  assert.equal(updated.private.filterable, false);
  assert.deepEqual(await ns.schema(), updated);
  const error = await refusal(ns.updateSchema({ schema: { n: 'string' } }));
  assert.match(reason(error), /cannot change attribute type from int to string$/);
}

export async function metadata_has_everything_and_nothing_else(ns) {
  await fill(ns);
  const { created_at, updated_at, last_write_at, ...rest } = await ns.metadata();
  for (const moment of [created_at, updated_at, last_write_at]) {
    assert.ok(Math.abs(Date.now() - Date.parse(moment)) < 86_400_000, moment);
  }
  assert.deepEqual(rest, {
    approx_logical_bytes: 0,
    approx_row_count: 0,
    encryption: { mode: 'default' },
    index: { status: 'up-to-date' },
    schema: {
      id: { type: 'uint' },
      title: { type: 'string', filterable: false, full_text_search: FULL_TEXT },
      private: { type: 'bool', filterable: true },
      vector: { type: '[2]f16', ann: { distance_metric: COSINE } },
    },
  });
}

export async function metadata_is_updated(ns) {
  await fill(ns);
  const pinned = await ns.updateMetadata({ pinning: { replicas: 2 } });
  assert.equal(pinned.pinning.replicas, 2);
  const closed = await ns.updateMetadata({ pinning: null, read_only: true });
  assert.deepEqual([closed.pinning, closed.read_only], [undefined, true]);
  assert.ok((await refusal(ns.write({ deletes: [1] }))) instanceof PermissionDeniedError);
  const open = await ns.updateMetadata({ read_only: false });
  assert.equal('read_only' in open, false);
}

export async function the_list_has_pages_and_a_prefix(ns, name) {
  const names = ['a', 'b', 'c'].map((letter) => `${name}-${letter}`);
  for (const name of names) await client.namespace(name).write({ upsert_rows: [{ id: 1, n: 1 }] });
  const prefix = `${name}-`;
  const page = await client.namespaces({ prefix, page_size: 2 });
  assert.deepEqual(page.namespaces.map((one) => one.id), names.slice(0, 2));
  const next = await client.namespaces({ prefix, cursor: page.next_cursor, page_size: 2 });
  assert.deepEqual(next.namespaces.map((one) => one.id), names.slice(2));
  const all = [];
  for await (const one of client.namespaces({ prefix, page_size: 1 })) all.push(one.id);
  assert.deepEqual(all, names);
}

export async function recall_is_measured(ns) {
  await fill(ns);
  const { avg_recall, avg_exhaustive_count, avg_ann_count } = await ns.recall({ num: 1, top_k: 2 });
  assert.deepEqual([avg_recall, avg_exhaustive_count, avg_ann_count], [1, 2, 2]);
  const answer = await ns.recall({
    rank_by: ['vector', 'ANN', [1, 1]],
    filters: ['id', 'Eq', 2],
    include_ground_truth: true,
  });
  near(answer.ground_truth[0].nearest_neighbors, [[2, 0]]);
}

export async function the_cache_is_warmed(ns) {
  await fill(ns);
  const { status, message } = await ns.hintCacheWarm();
  assert.deepEqual([status, message], ['ACCEPTED', 'cache warm hint accepted']);
}

export async function namespaces_are_copied_and_branched(ns, name) {
  await fill(ns);
  const [copied, branched, written] = ['c', 'b', 'w'].map((x) => client.namespace(`${name}-${x}`));
  const copy_from_namespace = { source_namespace: name };
  const answers = [
    await copied.copyFrom({ source_namespace: name, dest_encryption: { mode: 'default' } }),
    await branched.branchFrom({ source_namespace: name }),
    await written.write({ copy_from_namespace }),
  ];
  assert.deepEqual(answers.map((answer) => answer.rows_affected), [2, 2, 2]);
  for (const other of [copied, branched, written]) {
    assert.deepEqual(await stored(other), await stored(ns));
  }
}

export async function namespaces_come_and_go(ns) {
  assert.equal(await ns.exists(), false);
  await fill(ns);
  assert.equal(await ns.exists(), true);
  await ns.write({ deletes: [1, 2] });
  assert.deepEqual(ids(await ns.query({ rank_by: BY_ID, top_k: 1 })), []);
  assert.equal((await ns.deleteAll()).status, 'OK');
  assert.equal(await ns.exists(), false);
}
