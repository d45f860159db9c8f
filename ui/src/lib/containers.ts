/** A container of a pod template, as forms show it. */
export interface Container {
  name: string;
  image: string;
  init: boolean;
  env: Variable[];
  requests: Record<string, string>;
  limits: Record<string, string>;
}

export interface Variable {
  name: string;
  /** undefined when it comes from elsewhere. */
  value: string | undefined;
  /** Where from, in words: key password of Secret db. */
  from: string;
}

/** The containers of a workload's pods, the usual ones first; none of what has no pods. */
export function containersOf(object: unknown): Container[] {
  const spec = at(object, "spec");
  const pod = at(at(spec, "jobTemplate") ?? object, "spec", "template", "spec");
  return [
    ...items(at(pod, "containers")).map((c) => container(c, false)),
    ...items(at(pod, "initContainers")).map((c) => container(c, true)),
  ];
}

function container(c: unknown, init: boolean): Container {
  return {
    name: word(at(c, "name")),
    image: word(at(c, "image")),
    init,
    env: items(at(c, "env")).map(variable),
    requests: quantities(at(c, "resources", "requests")),
    limits: quantities(at(c, "resources", "limits")),
  };
}

const sources: Record<string, string> = { secretKeyRef: "Secret", configMapKeyRef: "ConfigMap" };

function variable(e: unknown): Variable {
  const from = at(e, "valueFrom");
  const name = word(at(e, "name"));
  if (typeof from !== "object" || from === null) return { name, value: word(at(e, "value")), from: "" };
  const [kind = "", ref] = Object.entries(from)[0] ?? [];
  const known = sources[kind];
  return {
    name,
    value: undefined,
    from: known
      ? `key ${word(at(ref, "key"))} of ${known} ${word(at(ref, "name"))}`
      : `field ${word(at(ref, "fieldPath")) || word(at(ref, "resource"))}`,
  };
}

/** The value at a path of an object, undefined where there is none. */
export function at(value: unknown, ...path: string[]): unknown {
  let v = value;
  for (const name of path) {
    if (typeof v !== "object" || v === null) return undefined;
    v = (v as Record<string, unknown>)[name];
  }
  return v;
}

function items(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function word(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function quantities(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, word(v)]));
}
