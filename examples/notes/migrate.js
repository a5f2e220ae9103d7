// Runs the migrations that this image has and the database has not: all of them, or none.
import { readdirSync, readFileSync } from "node:fs";
import { database, where } from "./database.js";

const folder = new URL("migrations/", import.meta.url);
const head = Math.max(...readdirSync(folder).map((name) => parseInt(name, 10)));
let connection;
try {
  connection = await database.connect();
  await connection.query("BEGIN");
  // Two pods at once: the second waits here, and finds the work done.
  await connection.query("SELECT pg_advisory_xact_lock(hashtext('notes'))");
  await connection.query("SET LOCAL lock_timeout = '3s'");
  await connection.query("CREATE TABLE IF NOT EXISTS notes_schema (version int PRIMARY KEY)");
  const { rows } = await connection.query("SELECT coalesce(max(version), 0) AS at FROM notes_schema");
  for (let version = rows[0].at + 1; version <= head; version++) {
    await connection.query(readFileSync(new URL(`${version}.sql`, folder), "utf8"));
    await connection.query("INSERT INTO notes_schema VALUES ($1)", [version]);
  }
  await connection.query("COMMIT");
  console.log(rows[0].at < head ? `${rows[0].at} -> ${head}` : `schema ${rows[0].at}: nothing to do`);
} catch (error) {
  console.error(`notes: ${where} is not migrated: ${error.message || error.code}`);
  process.exitCode = 1;
}
connection?.release(true); // closes it, which also takes back what was not committed
await database.end();
