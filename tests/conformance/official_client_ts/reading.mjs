// The TypeScript client reads. Every exported function is one check, run by scenario.mjs.

import assert from 'node:assert/strict';

import { BY_ID, COSINE, SQUARED, ids, near, reason, refusal } from './shared.mjs';

const COUNT = { count: ['Count'] };

async function fill(ns) {
  const rows = [
    { id: 1, vector: [1, 2], foo: 'bar', numbers: [1, 2, 3], bool: true, size: 1 },
    { id: 2, vector: [3, 4], foo: 'baz', numbers: [2, 3, 4], bool: true, size: 2 },
    { id: 3, vector: [3, 4], foo: 'baz', numbers: [17], maybeNull: 'oh boy!', bool: true, size: 4 },
  ];
  const schema = { foo: { type: 'string', filterable: true, regex: true } };
  await ns.write({ upsert_rows: rows, distance_metric: COSINE, schema });
}

export async function the_nearest_come_first(ns) {
  await fill(ns);
  const answer = await ns.query({
    rank_by: ['vector', 'ANN', [1, 1]],
    filters: ['numbers', 'In', [2, 4]],
    top_k: 5,
    include_attributes: ['foo'],
  });
  near(answer.rows, [
    [2, 1 - 7 / (5 * Math.SQRT2)],
    [1, 1 - 3 / Math.sqrt(10)],
  ]);
  assert.deepEqual(Object.keys(answer.rows[0]).sort(), ['$dist', 'foo', 'id']);
  const exact = await ns.query({
    rank_by: ['vector', 'kNN', [3, 4]],
    filters: ['id', 'Gt', 1],
    limit: 1,
    distance_metric: SQUARED,
  });
  near(exact.rows, [[2, 0]]);
}

export async function a_query_tells_its_costs(ns) {
  await fill(ns);
  const { billing, performance } = await ns.query({
    rank_by: ['vector', 'ANN', [1, 1]],
    filters: ['numbers', 'In', [2, 4]],
    top_k: 5,
  });
  assert.equal(billing.billable_logical_bytes_queried, 256_000_000);
  assert.equal(billing.billable_logical_bytes_returned, 24);
  assert.equal(performance.approx_namespace_size, 3);
  assert.equal(performance.exhaustive_search_count, 3);
  assert.ok(['hot', 'warm', 'cold'].includes(performance.cache_temperature));
  assert.ok(performance.server_total_ms >= performance.query_execution_ms);
  assert.ok(performance.query_execution_ms > 0);
  assert.ok(performance.client_total_ms > 0);
}

export async function limits_offsets_and_orders_hold(ns) {
  await fill(ns);
  const per = { attributes: ['foo'], limit: 1 };
  const isBar = ['foo', 'Eq', 'bar'];
  for (const [query, expected] of [
    [{ rank_by: BY_ID, top_k: 2 }, [1, 2]],
    [{ rank_by: ['size', 'desc'], limit: 2, offset: 1 }, [2, 1]],
    [{ rank_by: BY_ID, limit: { total: 5, per } }, [1, 2]],
    [{ rank_by: [['foo', 'desc'], ['size', 'desc']], top_k: 9 }, [3, 2, 1]],
    [{ rank_by: ['Sum', [['Product', 3, isBar], ['Attribute', 'size']]] }, [1, 3, 2]],
  ]) {
    assert.deepEqual(ids(await ns.query(query)), expected, JSON.stringify(query));
  }
}

export async function filters_choose_documents(ns) {
  await fill(ns);
  for (const [filters, expected] of [
    [['maybeNull', 'Eq', null], [1, 2]],
    [['Not', ['numbers', 'Contains', 2]], [3]],
    [['numbers', 'ContainsAny', [1, 17]], [1, 3]],
    [['numbers', 'AnyGt', 3], [2, 3]],
    [['foo', 'Glob', 'ba?'], [1, 2, 3]],
    [['foo', 'Regex', 'z$'], [2, 3]],
    [['And', [['foo', 'Eq', 'baz'], ['Or', [['size', 'Lt', 3], ['size', 'Gte', 5]]]]], [2]],
    [['id', 'NotIn', [1, 3]], [2]],
  ]) {
    const answer = await ns.query({ rank_by: BY_ID, top_k: 9, filters });
    assert.deepEqual(ids(answer), expected, JSON.stringify(filters));
  }
}

export async function operands_of_another_type_are_refused(ns) {
  await ns.write({ upsert_rows: [{ id: 1, tags: ['a'] }] });
  for (const [operator, operand, wanted] of [
    ['ContainsAny', 'a', '[]string'],
    ['Contains', ['a'], 'string'],
    ['NotContainsAny', 'a', '[]string'],
    ['NotContains', ['a'], 'string'],
  ]) {
    const filters = ['tags', operator, operand];
    const error = await refusal(ns.query({ rank_by: BY_ID, top_k: 1, filters }));
    const words = `type mismatch, ${operator} expects ${wanted}, but got`;
    assert.ok(reason(error).startsWith(`filter error in key \`tags\`: ${words}`), error.message);
  }
}

export async function rows_have_what_was_asked_for(ns) {
  await fill(ns);
  const query = { rank_by: BY_ID, top_k: 1 };
  const only = await ns.query({ ...query, exclude_attributes: ['numbers', 'bool', 'size'] });
  assert.deepEqual(only.rows, [{ id: 1, vector: [1, 2], foo: 'bar' }]);
  const encoded = await ns.query({
    ...query,
    include_attributes: ['vector'],
    vector_encoding: 'base64',
    consistency: { level: 'eventual' },
  });
  assert.deepEqual(encoded.rows, [{ id: 1, vector: 'AACAPwAAAEA=' }]);
  const far = { far: ['vector', 'VectorDist', [3, 4]] };
  const computed = await ns.query({ rank_by: ['id', 'desc'], top_k: 1, compute_attributes: far });
  assert.ok(Math.abs(computed.rows[0].far) < 1e-6);
}

export async function documents_are_counted_and_grouped(ns) {
  await fill(ns);
  const all = await ns.query({ aggregate_by: { count: ['Count', 'id'], size: ['Sum', 'size'] } });
  assert.deepEqual(all.aggregations, { count: 3, size: 7 });
  assert.equal(all.rows, undefined);
  const group_by = ['foo', { number: ['ForEachUnique', 'numbers'] }];
  const filters = ['numbers', 'AnyGt', 3];
  const grouped = await ns.query({ aggregate_by: COUNT, group_by, filters, top_k: 3 });
  assert.deepEqual(grouped.aggregation_groups, [
    { foo: 'baz', number: 2, count: 1 },
    { foo: 'baz', number: 3, count: 1 },
    { foo: 'baz', number: 4, count: 1 },
  ]);
}

export async function several_questions_are_asked_at_once(ns) {
  await fill(ns);
  const queries = [
    { rank_by: ['vector', 'ANN', [3, 4]], top_k: 2 },
    { rank_by: ['size', 'desc'], top_k: 2 },
  ];
  const answer = await ns.multiQuery({ queries: [...queries, { aggregate_by: COUNT }] });
  assert.deepEqual(answer.results.slice(0, 2).map(ids), [
    [2, 3],
    [3, 2],
  ]);
  assert.deepEqual(answer.results[2].aggregations, { count: 3 });
  const fused = await ns.multiQuery({ queries, rerank_by: ['RRF', { weights: [1, 2] }], limit: 1 });
  near(fused.results[0].rows, [[3, 1 / 62 + 2 / 61]]);
  const many = refusal(ns.multiQuery({ queries: Array(17).fill(queries[0]) }));
  assert.match(reason(await many), /requires 17 permits, max is 16/);
}

export async function queries_are_explained(ns) {
  await fill(ns);
  const nearest = { rank_by: ['vector', 'ANN', [3, 4]], top_k: 2 };
  for (const query of [nearest, { aggregate_by: COUNT }]) {
    const { plan_text } = await ns.explainQuery(query);
    assert.ok(plan_text.length > 0);
  }
}
