import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { database } from "./database.js";

const version = readFileSync(new URL("VERSION", import.meta.url), "utf8").trim();
const delay = Number(process.env.SHUTDOWN_DELAY ?? 3); // seconds
const limit = 65536; // bytes of a body
let draining = false;

class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// `created_at` is there since schema 2; version 1 shows what it always showed.
const shown = ({ id, text, created_at }) =>
  version === "1" ? { id: Number(id), text } : { id: Number(id), text, createdAt: created_at ?? null };

const routes = {
  "POST /notes": async (request) => {
    const { text } = await readJson(request);
    if (typeof text !== "string" || !text.trim() || text.includes("\0")) {
      throw new Refused(400, "text must be a string with something in it.");
    }
    const { rows } = await database.query("INSERT INTO notes (text) VALUES ($1) RETURNING *", [text]);
    return [201, shown(rows[0])];
  },
  "GET /notes": async () => {
    const { rows } = await database.query("SELECT * FROM notes ORDER BY id");
    return [200, rows.map(shown)];
  },
  "GET /ready": async () => {
    await database.query("SELECT 1");
    return [200, { ready: true }];
  },
  "GET /live": async () => [200, { live: true }],
};

async function readJson(request) {
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > limit) throw new Refused(413, `The body must be ${limit} bytes or less.`);
  }
  try {
    return Object(JSON.parse(body));
  } catch {
    throw new Refused(400, "The body must be JSON.");
  }
}

async function answer(request) {
  const path = request.url.split("?")[0];
  const route = routes[`${request.method} ${path}`];
  if (route) return route(request);
  const methods = Object.keys(routes).filter((key) => key.endsWith(` ${path}`));
  throw methods.length
    ? new Refused(405, `${path} does not take ${request.method}.`)
    : new Refused(404, `There is nothing at ${path}.`);
}

const server = createServer(async (request, response) => {
  const [status, body] = await answer(request).catch((error) => {
    if (error instanceof Refused) return [error.status, { error: error.message }];
    console.error(`${request.method} ${request.url}: ${error.message || error.code}`);
    return [503, { error: "The database does not answer; try again in a moment." }];
  });
  const goodbye = draining || status === 413 ? { Connection: "close" } : {};
  response.writeHead(status, { "Content-Type": "application/json", "X-Version": version, ...goodbye });
  response.end(JSON.stringify(body));
});

server.listen(Number(process.env.PORT ?? 8080), () => console.log(`notes ${version} serves`));

// Nodes hear late that this pod has left the Service: serve them meanwhile, then finish.
process.on("SIGTERM", () => {
  draining = true;
  setTimeout(() => {
    server.close(() => database.end());
    server.closeIdleConnections();
  }, delay * 1000);
});
process.on("SIGINT", () => process.exit(0));
