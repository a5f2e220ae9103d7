import { database, where } from "./database.js";

try {
  await database.query("SELECT 1");
  console.log(`${where} answers`);
} catch (error) {
  console.error(`notes: ${where} does not answer: ${error.message || error.code}`);
  process.exitCode = 1;
}
await database.end();
