// Runs all checks of the TypeScript client; prints their outcome and the methods of the client as
// JSON.
//
// The argument is the client's version. The environment names the server (TURBOPUFFER_BASE_URL) and
// the key (TURBOPUFFER_API_KEY).

import { readFileSync } from 'node:fs';

import { Namespace } from '@turbopuffer/turbopuffer/resources';

import * as namespaces from './namespaces.mjs';
import * as reading from './reading.mjs';
import { client } from './shared.mjs';
import * as transport from './transport.mjs';
import * as writing from './writing.mjs';

const PACKAGE = new URL('node_modules/@turbopuffer/turbopuffer/package.json', import.meta.url);

/** How the check failed, or null when it held. */
async function outcome(check) {
  const name = `typescript-${check.name}`;
  try {
    await check(client.namespace(name), name);
    return null;
  } catch (error) {
    return String(error.stack ?? error);
  }
}

const { version } = JSON.parse(readFileSync(PACKAGE, 'utf-8'));
if (version !== process.argv[2]) {
  throw new Error(`this is version ${version} of the client, not ${process.argv[2]}`);
}
const outcomes = {};
for (const module of [writing, reading, namespaces, transport]) {
  for (const check of Object.values(module)) outcomes[check.name] = await outcome(check);
}
const methods = Object.getOwnPropertyNames(Namespace.prototype);
const known = Object.fromEntries(methods.map((method) => [method, []]));
process.stdout.write(JSON.stringify({ methods: known, outcomes }));
