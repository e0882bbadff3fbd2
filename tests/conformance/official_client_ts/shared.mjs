// What the checks of the TypeScript client share. It runs where the client is installed.

import assert from 'node:assert/strict';

import Turbopuffer, { APIError } from '@turbopuffer/turbopuffer';

export const COSINE = 'cosine_distance';
export const SQUARED = 'euclidean_squared';
export const BY_ID = ['id', 'asc'];

// what fails once is a failure; the address and the key are in the environment
export const OPTIONS = { maxRetries: 0, timeout: 30_000 };
export const client = new Turbopuffer(OPTIONS);

export const ids = (answer) => answer.rows.map((row) => row.id);

/** All documents as they are, in the order of their ids. */
export async function stored(ns) {
  const answer = await ns.query({ rank_by: BY_ID, top_k: 1000, include_attributes: true });
  return answer.rows;
}

/** The error that a call ends with. */
export async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    if (error instanceof APIError) return error;
    throw error;
  }
  throw new Error('the call was not refused');
}

/** The server's own words. */
export function reason(error) {
  assert.equal(error.error.status, 'error');
  return error.error.error;
}

/** Fail unless the rows have these ids and distances, in this order. */
export function near(rows, expected) {
  assert.deepEqual(
    rows.map((row) => row.id),
    expected.map(([id]) => id),
  );
  rows.forEach((row, place) => {
    const [, distance] = expected[place];
    assert.ok(Math.abs(row.$dist - distance) < 1e-6, JSON.stringify(rows));
  });
}
