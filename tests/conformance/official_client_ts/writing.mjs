// The TypeScript client writes. Every exported function is one check, run by scenario.mjs.

import assert from 'node:assert/strict';

import { COSINE, SQUARED, reason, refusal, stored } from './shared.mjs';

const NEWER = ['version', 'Lt', { $ref_new: 'version' }];

export async function rows_and_columns_become_documents(ns) {
  const answer = await ns.write({
    upsert_rows: [
      { id: 1, vector: [0.1, 0.1], k: 'one', n: null },
      { id: 2, vector: [2, 2] },
    ],
    upsert_columns: { id: [3], vector: [[0.7, 0.5]], k: ['three'] },
    distance_metric: COSINE,
  });
  assert.equal(answer.status, 'OK');
  assert.equal(answer.rows_affected, 3);
  assert.equal(answer.rows_upserted, 3);
  assert.equal('rows_deleted' in answer, false);
  assert.ok(answer.billing.billable_logical_bytes_written > 0);
  assert.deepEqual(await stored(ns), [
    { id: 1, vector: [0.1, 0.1], k: 'one' },
    { id: 2, vector: [2, 2] },
    { id: 3, vector: [0.7, 0.5], k: 'three' },
  ]);
}

export async function documents_are_patched_and_deleted(ns) {
  await ns.write({ upsert_rows: [1, 2, 3, 4].map((id) => ({ id, n: id, k: 'old' })) });
  const answer = await ns.write({
    patch_rows: [{ id: 1, k: 'new' }],
    patch_columns: { id: [2], n: [null] },
    deletes: [3],
    return_affected_ids: true,
  });
  assert.deepEqual([...answer.patched_ids].sort(), [1, 2]);
  assert.deepEqual(answer.deleted_ids, [3]);
  assert.equal(answer.rows_affected, 3);
  assert.deepEqual(await stored(ns), [
    { id: 1, n: 1, k: 'new' },
    { id: 2, k: 'old' },
    { id: 4, n: 4, k: 'old' },
  ]);
}

export async function filters_choose_what_is_changed(ns) {
  await ns.write({ upsert_rows: [1, 2, 3].map((id) => ({ id, n: id })) });
  const answer = await ns.write({
    delete_by_filter: ['n', 'Eq', 1],
    delete_by_filter_allow_partial: true,
    patch_by_filter: { filters: ['n', 'Gt', 2], patch: { seen: true } },
    patch_by_filter_allow_partial: true,
  });
  assert.equal(answer.rows_deleted, 1);
  assert.equal(answer.rows_patched, 1);
  assert.equal(answer.rows_remaining, false);
  assert.ok(answer.billing.query.billable_logical_bytes_queried > 0);
  assert.deepEqual(await stored(ns), [
    { id: 2, n: 2 },
    { id: 3, n: 3, seen: true },
  ]);
}

export async function conditions_hold_for_each_document(ns) {
  await ns.write({ upsert_rows: [1, 2, 3].map((id) => ({ id, version: 10 * id })) });
  const upserted = await ns.write({
    upsert_rows: [1, 2, 4].map((id) => ({ id, version: 15 })),
    upsert_condition: NEWER,
  });
  assert.equal(upserted.rows_upserted, 2);
  const changed = await ns.write({
    patch_rows: [{ id: 2, version: 21 }],
    patch_condition: NEWER,
    deletes: [1, 3],
    delete_condition: ['version', 'Gte', 30],
  });
  assert.equal(changed.rows_patched, 1);
  assert.equal(changed.rows_deleted, 1);
  const versions = (await stored(ns)).map((row) => [row.id, row.version]);
  assert.deepEqual(versions, [
    [1, 15],
    [2, 21],
    [4, 15],
  ]);
}

export async function the_schema_declares_types(ns) {
  const upper = '0E2B9B2F-7B0C-4C8E-8A51-0A5F3B6B7C11';
  await ns.write({
    upsert_rows: [{ id: upper, at: '2024-03-02T02:00:00+02:00', title: [0.5, 1.5] }],
    schema: {
      id: 'uuid',
      at: { type: 'datetime' },
      title: { type: '[2]f16', ann: { distance_metric: SQUARED } },
    },
  });
  assert.deepEqual(await stored(ns), [
    { id: upper.toLowerCase(), title: [0.5, 1.5], at: '2024-03-02T00:00:00.000000000Z' },
  ]);
}

export async function options_without_effect_are_accepted(ns) {
  const answer = await ns.write({
    upsert_rows: [{ id: 1, vector: [0.5, 0.5] }],
    distance_metric: COSINE,
    encryption: { mode: 'default' },
    sharding: { num_shards: 2 },
    disable_backpressure: true,
  });
  assert.equal(answer.rows_affected, 1);
}

export async function a_namespace_may_be_created_empty(ns) {
  await ns.write({ create_namespace: true, schema: { id: 'uint', k: 'string' } });
  assert.deepEqual(await stored(ns), []);
  assert.deepEqual(Object.keys(await ns.schema()), ['id', 'k']);
}

export async function a_write_may_be_refused_as_a_whole(ns) {
  const rows = [
    { id: 1, n: 1 },
    { id: 1, n: 2 },
  ];
  const error = await refusal(ns.write({ upsert_rows: rows }));
  assert.equal(error.status, 400);
  assert.match(reason(error), /duplicate document IDs/);
  assert.equal(await ns.exists(), false);
}
