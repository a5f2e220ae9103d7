import pg from "pg";

const names = ["DB_HOST", "DB_PORT", "DB_SCHEMA", "DB_USER", "DB_PASSWORD", "DB_SSL"];
const missing = names.filter((name) => !process.env[name]);
if (missing.length) {
  console.error(`notes: not set: ${missing.join(", ")}`);
  process.exit(2);
}

export const where = `${process.env.DB_SCHEMA} at ${process.env.DB_HOST}:${process.env.DB_PORT}`;

export const database = new pg.Pool({
  host: process.env.DB_HOST,
  port: Number(process.env.DB_PORT),
  database: process.env.DB_SCHEMA,
  user: process.env.DB_USER,
  password: process.env.DB_PASSWORD,
  ssl: process.env.DB_SSL === "true",
  connectionTimeoutMillis: 2000,
  query_timeout: 10000,
});
// An idle connection that the server ends would otherwise end the process.
database.on("error", (error) => console.error(`notes: connection lost: ${error.message}`));
