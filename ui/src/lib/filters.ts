import { tokenize, type Token } from "./tokens";

/** A filter that stands at the top level of a query and that a facet can edit: field:a,b or -field:a. */
interface Filter {
  field: string;
  negated: boolean;
  /** <, <=, > or >= of a comparison. */
  than: string;
  values: string[];
  from: number;
  to: number;
}

const aliases: Record<string, string> = {
  c: "cluster",
  k: "kind",
  n: "ns",
  namespace: "ns",
  s: "status",
  actor: "changed.by",
  field: "changed.field",
};

const keyed: Record<string, string> = {
  l: "label",
  label: "label",
  labels: "label",
  a: "annotation",
  annotations: "annotation",
};

/** The one name of a field. Keys of labels are as they are written. */
function canonical(field: string): string {
  const dot = field.indexOf(".");
  const map = dot > 0 ? keyed[field.slice(0, dot).toLowerCase()] : undefined;
  if (map !== undefined) return `${map}.${field.slice(dot + 1).replaceAll('"', "")}`;
  const f = field.toLowerCase();
  return aliases[f] ?? f;
}

/** Whether two values of a field mean the same: Pod and pods do. */
export type Same = (a: string, b: string) => boolean;

/** How a facet's value stands in the query. */
export type Choice = "included" | "excluded" | "none";

export function choiceOf(query: string, field: string, value: string, same: Same = alike): Choice {
  for (const f of filters(query)) {
    if (f.field === canonical(field) && f.values.some((v) => same(v, value)))
      return f.negated ? "excluded" : "included";
  }
  return "none";
}

/** Values that the query asks for or refuses, so that a facet can show those without hits too. */
export function chosen(query: string, field: string): string[] {
  return filters(query)
    .filter((f) => f.field === canonical(field))
    .flatMap((f) => f.values);
}

/** The fields by which the query filters, each once. */
export function fieldsOf(query: string): string[] {
  return [...new Set(filters(query).map((f) => f.field))];
}

/** The query with value of field included, or without that when it was. */
export function toggleInclude(query: string, field: string, value: string, same: Same = alike): string {
  const was = choiceOf(query, field, value, same);
  const without = was === "none" ? query : remove(query, field, value, same);
  if (was === "included") return without;
  const list = filters(without).find((f) => f.field === canonical(field) && !f.negated);
  if (list) return tidy(`${without.slice(0, list.to)},${written(value)}${without.slice(list.to)}`);
  return withTerm(without, `${field}:${written(value)}`);
}

/** The query with value of field refused, or without that when it was. */
export function toggleExclude(query: string, field: string, value: string, same: Same = alike): string {
  const was = choiceOf(query, field, value, same);
  const without = was === "none" ? query : remove(query, field, value, same);
  return was === "excluded" ? without : withTerm(without, `-${field}:${written(value)}`);
}

/** The query without every top-level filter on field. */
export function clearField(query: string, field: string): string {
  let text = query;
  for (const f of filters(query).toReversed())
    if (f.field === canonical(field)) text = text.slice(0, f.from) + text.slice(f.to);
  return tidy(text);
}

/** What the query says once and beside its filters. */
export type Directive = "at" | "sort" | "limit" | "group" | "deleted";

/** The value of sort:, at: and the like, as it is written, with the operator of deleted<1h; empty without. */
export function directive(query: string, name: Directive): string {
  const f = filters(query, true).find((x) => x.field === name && !x.negated);
  return f ? f.than + f.values.join(",") : "";
}

/** The query with a directive set to value, or without it when value is empty. */
export function withDirective(query: string, name: Directive, value: string): string {
  const text = without(query, [name]);
  return value === "" ? text : withTerm(text, `${name}:${value}`);
}

/** The query without the directives named. */
export function without(query: string, names: readonly Directive[]): string {
  let text = query;
  for (const f of filters(query, true).toReversed())
    if ((names as readonly string[]).includes(f.field)) text = text.slice(0, f.from) + text.slice(f.to);
  return tidy(text);
}

/** A value written so that it can stand behind a colon. */
export function written(value: string): string {
  return /^[^\s(),"/*?\\!<>=~][^\s(),"*?\\]*$/.test(value) && !value.includes("..")
    ? value
    : `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}

/** The query and one term more, which all that it finds must satisfy. */
export function withTerm(query: string, term: string): string {
  const text = tidy(query);
  if (text === "") return term;
  return hasTopLevelOr(text) ? `(${text}) ${term}` : `${text} ${term}`;
}

function remove(query: string, field: string, value: string, same: Same): string {
  let text = query;
  for (const f of filters(query).toReversed()) {
    if (f.field !== canonical(field) || !f.values.some((v) => same(v, value))) continue;
    const rest = f.values.filter((v) => !same(v, value));
    const head = text.slice(f.from, f.to).match(/^[-!]?[^:=]+(?:==|:!|!=|:|=)/)?.[0] ?? "";
    text = text.slice(0, f.from) + (rest.length > 0 ? head + rest.map(written).join(",") : "") + text.slice(f.to);
  }
  return tidy(text);
}

/** Spaces between terms, never those inside quotes. */
function tidy(text: string): string {
  const tokens = tokenize(text);
  let out = "";
  let last = 0;
  for (const t of tokens) {
    const gap = text.slice(last, t.from);
    out += (gap === "" || out === "" ? "" : " ") + text.slice(t.from, t.to);
    last = t.to;
  }
  return out;
}

function hasTopLevelOr(query: string): boolean {
  let depth = 0;
  for (const t of tokenize(query)) {
    const text = query.slice(t.from, t.to);
    if (t.type === "paren") depth += text === "(" ? 1 : -1;
    else if (t.type === "keyword" && text === "OR" && depth === 0) return true;
  }
  return false;
}

/** Those at the top level; of a query that is an OR none is, but its directives are. */
function filters(query: string, directives = false): Filter[] {
  if (!directives && hasTopLevelOr(query)) return [];
  const tokens = tokenize(query);
  const found: Filter[] = [];
  let depth = 0;
  for (let i = 0; i < tokens.length; i++) {
    const t = tokens[i];
    if (!t) break;
    const text = query.slice(t.from, t.to);
    if (t.type === "paren") depth += text === "(" ? 1 : -1;
    if (t.type !== "field" || depth !== 0) continue;
    const f = filterAt(query, tokens, i);
    if (f && (directives || f.than === "")) found.push(f);
  }
  return found;
}

function filterAt(query: string, tokens: Token[], at: number): Filter | undefined {
  const field = tokens[at];
  const op = tokens[at + 1];
  if (!field || op?.type !== "operator" || op.from !== field.to) return undefined;
  const symbol = query.slice(op.from, op.to);
  if (symbol === "~") return undefined;
  const values: string[] = [];
  let end = op.to;
  for (let i = at + 2; i < tokens.length; i++) {
    const t = tokens[i];
    if (!t || t.from !== end) break;
    if (t.type === "value" || t.type === "string") values.push(unquoted(query.slice(t.from, t.to)));
    else if (t.type !== "comma") return undefined;
    end = t.to;
  }
  if (values.length === 0) return undefined;
  const before = tokens[at - 1];
  const minus = before?.type === "negation" && before.to === field.from;
  const not = before?.type === "keyword" && query.slice(before.from, before.to) === "NOT";
  if (not) return undefined;
  return {
    field: canonical(query.slice(field.from, field.to)),
    negated: minus !== (symbol === ":!" || symbol === "!="),
    than: /[<>]=?/.exec(symbol)?.[0] ?? "",
    values,
    from: minus ? before.from : field.from,
    to: end,
  };
}

function unquoted(text: string): string {
  if (!text.startsWith('"')) return text;
  return text.slice(1, text.endsWith('"') && text.length > 1 ? -1 : undefined).replaceAll(/\\(.)/g, "$1");
}

function alike(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
