// Writes .br and .gz twins beside every text file of dist, and says how large each part is: `--report` only says.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../dist");
const text = /\.(js|css|html|svg|json|map|txt)$/;

function files(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? files(join(folder, e.name)) : [join(folder, e.name)],
  );
}

const rows = [];
for (const file of files(dist)) {
  if (!text.test(file)) continue;
  const raw = readFileSync(file);
  if (!existsSync(`${file}.br`) || !process.argv.includes("--report")) {
    writeFileSync(
      `${file}.br`,
      brotliCompressSync(raw, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: raw.length },
      }),
    );
    writeFileSync(`${file}.gz`, gzipSync(raw, { level: 9 }));
  }
  rows.push({ name: relative(dist, file), br: statSync(`${file}.br`).size, raw: raw.length });
}

// What the first paint of Search loads: what index.html names, and the Search page's own chunk with its imports.
const html = readFileSync(join(dist, "index.html"), "utf8");
const named = [...html.matchAll(/(?:src|href)="\/([^"]+\.(?:js|css))"/g)].map((m) => m[1]);
const first = reach([...named, ...chunks("SearchPage")]);
const editors = reach(chunks("QueryEditor", "CodeView", "DiffView"));
for (const name of first) editors.delete(name);

function chunks(...names) {
  return rows
    .map((r) => r.name)
    .filter((n) => names.some((name) => n.startsWith(`assets/${name}-`) && n.endsWith(".js")));
}

/** The files and everything that they import statically. */
function reach(from) {
  const seen = new Set(from);
  for (const name of seen) {
    if (!name.endsWith(".js") || !name.startsWith("assets/")) continue;
    const source = readFileSync(join(dist, name), "utf8");
    for (const m of source.matchAll(/(?:^|[;}\s])(?:import|export)\b[^;"'`()]*?["'`]\.\/([^"'`]+\.js)["'`]/g))
      seen.add(`assets/${m[1]}`);
  }
  return seen;
}

const kB = (n) => `${(n / 1000).toFixed(1)} kB`;
const sum = (list) => list.reduce((n, r) => n + r.br, 0);
const js = rows.filter((r) => r.name.endsWith(".js"));
const figures = [
  { part: "JS to first useful paint of Search", br: sum(js.filter((r) => first.has(r.name))), budget: 180_000 },
  { part: "CSS", br: sum(rows.filter((r) => r.name.endsWith(".css"))), budget: 20_000 },
  {
    part: "editor and diff, loaded when needed",
    br: sum(js.filter((r) => editors.has(r.name))),
    budget: 140_000,
  },
  { part: "whole page", br: sum(rows), budget: 700_000 },
];
for (const r of rows.toSorted((a, b) => b.br - a.br))
  if (process.argv.includes("--report"))
    console.log(
      `${kB(r.br).padStart(10)}  ${first.has(r.name) ? "first" : editors.has(r.name) ? "editor" : ""}  ${r.name}`,
    );
let over = false;
for (const f of figures) {
  const mark = f.br > f.budget ? "OVER" : "ok";
  over ||= f.br > f.budget;
  console.log(`${kB(f.br).padStart(10)} of ${kB(f.budget).padStart(9)}  ${mark.padEnd(4)}  ${f.part} (brotli)`);
}
if (over) process.exit(1);
