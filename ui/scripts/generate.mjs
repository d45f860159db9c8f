// Writes src/api/generated.ts from the SDL and the operations: `node scripts/generate.mjs`. With --check it writes
// nothing and fails when the file is not current.
import { codegen } from "@graphql-codegen/core";
import * as operations from "@graphql-codegen/typescript-operations";
import { buildSchema, Kind, parse, print, stripIgnoredCharacters } from "graphql";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ui = join(dirname(fileURLToPath(import.meta.url)), "..");
const sdl = readFileSync(join(ui, "../schemas/graphql/schema.graphql"), "utf8");
const folder = join(ui, "src/api/operations");
const target = join(ui, "src/api/generated.ts");

const documents = readdirSync(folder)
  .filter((name) => name.endsWith(".graphql"))
  .toSorted()
  .map((name) => ({ location: name, document: parse(readFileSync(join(folder, name), "utf8")) }));

const types = await codegen({
  filename: target,
  schema: parse(sdl),
  schemaAst: buildSchema(sdl),
  documents,
  config: {
    scalars: { Time: "string", JSON: "unknown", ID: "string" },
    strictScalars: true,
    useTypeImports: true,
    skipTypename: true,
    avoidOptionals: { field: true },
    enumsAsTypes: true,
  },
  plugins: [{ operations: {} }],
  pluginMap: { operations },
});

const fragments = new Map();
for (const { document } of documents)
  for (const d of document.definitions) if (d.kind === Kind.FRAGMENT_DEFINITION) fragments.set(d.name.value, d);

/** The operation with every fragment it spreads, once each. */
function text(operation) {
  const used = new Set();
  const visit = (node) => {
    for (const s of node.selectionSet?.selections ?? []) {
      if (s.kind === Kind.FRAGMENT_SPREAD && !used.has(s.name.value)) {
        used.add(s.name.value);
        visit(fragments.get(s.name.value));
      } else visit(s);
    }
  };
  visit(operation);
  return stripIgnoredCharacters([operation, ...[...used].map((name) => fragments.get(name))].map(print).join("\n"));
}

const constants = documents.flatMap(({ document }) =>
  document.definitions
    .filter((d) => d.kind === Kind.OPERATION_DEFINITION)
    .map((d) => {
      const name = d.name.value;
      const kind = d.operation[0].toUpperCase() + d.operation.slice(1);
      return `export const ${name}Document = {\n  name: "${name}",\n  text: ${JSON.stringify(text(d))},\n} as Document<${name}${kind}, ${name}${kind}Variables>;`;
    }),
);

const output = [
  "// Written by `npm run generate` from schemas/graphql and operations/*.graphql. Do not edit.",
  'import type { Document } from "./document";',
  "",
  types.trim(),
  "",
  constants.join("\n\n"),
  "",
].join("\n");

if (process.argv.includes("--check")) {
  let current = "";
  try {
    current = readFileSync(target, "utf8");
  } catch {
    // A missing file is not current either.
  }
  if (current !== output) {
    console.error(`${relative(ui, target)} is not current: run npm run generate and commit it.`);
    process.exit(1);
  }
} else writeFileSync(target, output);
