import { at } from "./containers";
import type { Verb } from "./verbs";

interface Planned {
  verb: Verb;
  reason: string;
  parameters: unknown;
  waves: { parallel: number; size: number; pauseSeconds: number; maxFailures: number; byCluster: boolean };
  targets: readonly { ref: string }[];
}

interface Pair {
  name: string;
  value: string;
}

/** What has to be asked to plan the same once more, for the same targets. */
export function inputOf(a: Planned) {
  const p = a.parameters;
  const { parallel, size, pauseSeconds, maxFailures, byCluster } = a.waves;
  const parameters = kept({
    min: at(p, "min"),
    max: at(p, "max"),
    container: at(p, "container"),
    set: pairs(at(p, "set")),
    remove: at(p, "remove"),
    requests: pairs(at(p, "requests")),
    limits: pairs(at(p, "limits")),
    revision: at(p, "revision"),
    version: at(p, "version"),
    propagation: at(p, "propagation"),
    graceSeconds: at(p, "graceSeconds"),
    emptyDir: at(p, "emptyDir"),
    unmanaged: at(p, "unmanaged"),
    whole: at(p, "whole"),
    manifest: at(p, "manifest"),
    clusters: at(p, "clusters"),
    overrides: overrides(at(p, "overrides")),
    force: at(p, "force"),
    direct: at(p, "direct"),
  });
  const replicas = at(p, "replicas");
  const waves = kept({
    parallel: parallel || undefined,
    size: size || undefined,
    pauseSeconds: pauseSeconds || undefined,
    maxFailures: maxFailures || undefined,
    byCluster: byCluster || undefined,
  });
  return {
    verb: a.verb,
    ...(a.verb === "APPLY" ? {} : { refs: a.targets.map((t) => t.ref) }),
    ...(typeof replicas === "number" ? { replicas } : {}),
    ...(Object.keys(parameters).length > 0 ? { parameters } : {}),
    ...(Object.keys(waves).length > 0 ? { waves } : {}),
    reason: a.reason,
  };
}

function pairs(map: unknown): Pair[] | undefined {
  if (typeof map !== "object" || map === null) return undefined;
  return Object.entries(map).map(([name, value]) => ({ name, value: String(value) }));
}

function overrides(list: unknown): unknown[] | undefined {
  if (!Array.isArray(list)) return undefined;
  return list.map((o: unknown) =>
    kept({
      clusters: at(o, "clusters"),
      registry: at(o, "registry"),
      replicas: at(o, "replicas"),
      env: pairs(at(o, "env")),
    }),
  );
}

function kept<T extends Record<string, unknown>>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, v]) => v !== undefined && v !== null)) as Partial<T>;
}

/** What was asked beside the targets, as names and values to read. */
export function askedWords(parameters: unknown): [name: string, value: string][] {
  const out: [string, string][] = [];
  for (const [name, value] of Object.entries((parameters ?? {}) as Record<string, unknown>)) {
    if (name === "manifest") continue;
    if (name === "overrides" && Array.isArray(value)) for (const o of value) out.push(overrideWords(o));
    else if (Array.isArray(value)) out.push([name, value.join(", ")]);
    else if (typeof value === "object" && value !== null)
      for (const [k, v] of Object.entries(value)) out.push([`${name} ${k}`, String(v) || '""']);
    else out.push([name, String(value)]);
  }
  return out;
}

/** How fast it goes, in a sentence; empty when nobody said. */
export function paceWords(w: Planned["waves"] & { count: number }): string {
  const parts: string[] = [];
  if (w.count > 1) parts.push(`${w.count} waves${w.byCluster ? ", none of which spans clusters" : ""}`);
  if (w.parallel > 0) parts.push(`${w.parallel} at a time`);
  if (w.pauseSeconds > 0 && w.count > 1) parts.push(`${w.pauseSeconds} s between waves`);
  if (w.maxFailures > 0) parts.push(`stops after ${w.maxFailures} ${w.maxFailures === 1 ? "failure" : "failures"}`);
  return parts.join(", ");
}

function overrideWords(o: unknown): [string, string] {
  const clusters = at(o, "clusters");
  const says = askedWords({ registry: at(o, "registry"), replicas: at(o, "replicas"), env: at(o, "env") })
    .filter(([, value]) => value !== "undefined")
    .map(([name, value]) => `${name} ${value}`);
  return [`in ${Array.isArray(clusters) ? clusters.join(", ") : "?"}`, says.join(", ")];
}
