import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { unitsOfBytes } from "../src/lib/offsets";
import { tokenize } from "../src/lib/tokens";

// What the tests of the language, of the CLI and of the page share: a query a line, and how the hub reads it.
const lines = readFileSync(resolve(import.meta.dirname, "../../query/ql/golden/queries.jsonl"), "utf8")
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line));

describe("the queries that the hub's tests read", () => {
  it("are many", () => expect(lines.length).toBeGreaterThan(150));

  it("are coloured whole: nothing but spaces is left out", () => {
    for (const { query } of lines) {
      let rest = query;
      for (const t of tokenize(query).toReversed()) rest = rest.slice(0, t.from) + rest.slice(t.to);
      expect(rest.trim(), query).toBe("");
    }
  });

  it("have their errors where characters are", () => {
    for (const { query, error } of lines) {
      if (!error) continue;
      const from = unitsOfBytes(query, error.from);
      const to = unitsOfBytes(query, error.to);
      expect(from, query).toBeLessThanOrEqual(to);
      expect(to, query).toBeLessThanOrEqual(query.length);
    }
  });
});
