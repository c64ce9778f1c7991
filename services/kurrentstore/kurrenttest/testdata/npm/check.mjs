// check.mjs speaks to a server as a program in another language would, through the npm client, and fails at the first
// answer that is not what the protocol promises. Argument: a connection string.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import {
  BACKWARDS, END, FORWARDS, NO_STREAM, START, STREAM_EXISTS,
  EventStoreDBClient, MaxAppendSizeExceededError, StreamDeletedError, StreamNotFoundError, WrongExpectedVersionError,
  jsonEvent, streamNameFilter,
} from "@eventstore/db-client";

const client = EventStoreDBClient.connectionString(process.argv[2]);
const plain = { credentials: { username: "admin", password: "changeit" } }; // makes the client use Append, not BatchAppend
const run = randomUUID().slice(0, 8);
const stream = `center-${run}`;

const spent = (note) => jsonEvent({ type: "funds.spent", data: { note } });
const batch = (n, seed) => Array.from({ length: n }, (_, i) => spent(`${seed}/${i}`));
const notes = (events) => events.map((e) => e.event.data.note);
const collect = async (read) => {
  const out = [];
  for await (const e of read) out.push(e);
  return out;
};

async function appends() {
  const first = batch(3, "a");
  const { success, nextExpectedRevision, position } = await client.appendToStream(stream, first, { expectedRevision: NO_STREAM });
  assert.equal(success, true);
  assert.equal(nextExpectedRevision, 2n);
  const again = await client.appendToStream(stream, first, { expectedRevision: NO_STREAM });
  assert.deepEqual(again, { success: true, nextExpectedRevision: 2n, position }, "a repeat answers the first result");
  const second = await client.appendToStream(stream, batch(2, "b"), { expectedRevision: 2n, ...plain });
  assert.equal(second.nextExpectedRevision, 4n);
  assert.ok(second.position.commit > position.commit);
  const large = Array.from({ length: 4 }, () => spent("x".repeat(100_000)));
  const inPieces = await client.appendToStream(`${stream}-large`, large, { expectedRevision: NO_STREAM, batchAppendSize: 150_000 });
  assert.equal(inPieces.nextExpectedRevision, 3n, "a batch in several messages is one batch");
}

async function conflicts() {
  for (const how of [{}, plain]) {
    await assert.rejects(client.appendToStream(stream, spent("late"), { expectedRevision: 1n, ...how }), (e) => {
      assert.ok(e instanceof WrongExpectedVersionError, String(e));
      assert.equal(e.expectedVersion, 1n);
      assert.equal(e.actualVersion, 4n);
      return true;
    });
    await assert.rejects(client.appendToStream(stream, spent("new"), { expectedRevision: NO_STREAM, ...how }), WrongExpectedVersionError);
    await assert.rejects(client.appendToStream(`${stream}-none`, spent("none"), { expectedRevision: STREAM_EXISTS, ...how }), WrongExpectedVersionError);
    await assert.rejects(client.appendToStream(stream, spent("x".repeat(1 << 20)), { expectedRevision: 4n, ...how }), MaxAppendSizeExceededError);
  }
}

async function reads() {
  const all = ["a/0", "a/1", "a/2", "b/0", "b/1"];
  assert.deepEqual(notes(await collect(client.readStream(stream, { fromRevision: START }))), all);
  assert.deepEqual(notes(await collect(client.readStream(stream, { fromRevision: 3n, maxCount: 1 }))), ["b/0"]);
  assert.deepEqual(notes(await collect(client.readStream(stream, { fromRevision: END, direction: BACKWARDS, maxCount: 2 }))), ["b/1", "b/0"]);
  const everything = await collect(client.readAll({ direction: FORWARDS, fromPosition: START }));
  const positions = everything.map((e) => e.event.position.commit);
  assert.deepEqual(positions, [...new Set(positions)].sort((a, b) => (a < b ? -1 : 1)), "positions increase");
  assert.ok(everything[0].event.streamId.startsWith("$"), "a server writes events of its own");
  const backwards = await collect(client.readAll({ direction: BACKWARDS, fromPosition: END }));
  assert.deepEqual(backwards.map((e) => e.event.id), everything.map((e) => e.event.id).reverse());
  await assert.rejects(collect(client.readStream(`${stream}-none`)), StreamNotFoundError);
}

// follow reads a filtered subscription until it has delivered so many events and, after them, a checkpoint.
async function follow(fromPosition, count) {
  const events = [];
  let checkpoint;
  await new Promise((resolve, reject) => {
    const subscription = client.subscribeToAll({
      fromPosition,
      filter: streamNameFilter({
        prefixes: [stream],
        maxSearchWindow: 2,
        checkpointInterval: 2,
        checkpointReached: async (_, position) => {
          checkpoint = position;
          if (events.length >= count) resolve(subscription.unsubscribe());
        },
      }),
    });
    subscription.on("data", (e) => events.push(e));
    subscription.on("error", reject);
  });
  return { events, checkpoint };
}

async function subscribes() {
  const noise = batch(5, "noise");
  await client.appendToStream(`other-${run}`, noise, { expectedRevision: NO_STREAM });
  const old = await follow(START, 9);
  assert.deepEqual(notes(old.events).slice(0, 5), ["a/0", "a/1", "a/2", "b/0", "b/1"]);
  assert.ok(old.events.every((e) => e.event.streamId.startsWith(stream)));
  const later = follow(old.checkpoint, 2);
  await client.appendToStream(stream, batch(2, "c"), { expectedRevision: 4n });
  await client.appendToStream(`other-${run}`, batch(5, "more"), { expectedRevision: 4n });
  assert.deepEqual(notes((await later).events), ["c/0", "c/1"], "a checkpoint is where to go on");
}

async function hides() {
  await client.setStreamMetadata(stream, { truncateBefore: 5 });
  assert.deepEqual(notes(await collect(client.readStream(stream))), ["c/0", "c/1"]);
  assert.equal((await client.getStreamMetadata(stream)).metadata.truncateBefore, 5);
  await client.deleteStream(stream, { expectedRevision: 6n });
  await assert.rejects(collect(client.readStream(stream)), StreamNotFoundError);
  const { nextExpectedRevision } = await client.appendToStream(stream, spent("again"), { expectedRevision: NO_STREAM });
  assert.equal(nextExpectedRevision, 7n, "revisions go on after a deletion");
  assert.deepEqual(notes(await collect(client.readStream(stream))), ["again"]);
  const shown = await collect(client.readAll());
  assert.equal(shown.filter((e) => e.event.streamId === stream).length, 8, "$all hides nothing");
  await client.tombstoneStream(stream);
  await assert.rejects(collect(client.readStream(stream)), StreamDeletedError);
  for (const how of [{}, plain]) {
    await assert.rejects(client.appendToStream(stream, spent("too late"), how), StreamDeletedError);
  }
}

for (const check of [appends, conflicts, reads, subscribes, hides]) {
  await check();
  console.log(`ok ${check.name}`);
}
await client.dispose();
