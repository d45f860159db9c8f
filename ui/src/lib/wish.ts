import { at, containersOf, type Container } from "./containers";
import type { Verb } from "./verbs";

/** One of the objects that a wish is about, so that its form begins with what is. */
export interface Sample {
  object: unknown;
  labels: unknown;
  annotations: unknown;
}

/** A name and its value: a container's image, a variable, a label, an annotation. */
export interface Setting {
  name: string;
  value: string;
  /** What it is now; undefined when it is new, or the objects differ. */
  was: string | undefined;
  /** What is to be said of it: where a value comes from, that objects differ. */
  note: string;
  /** Its name is given, only the value can be changed. */
  fixed: boolean;
  removed: boolean;
}

export interface Quantity {
  name: string;
  request: string;
  limit: string;
  wasRequest: string;
  wasLimit: string;
}

/** What a form holds: texts as they are typed. */
export interface Draft {
  replicas: string;
  min: string;
  max: string;
  /** "" is every container. */
  container: string;
  settings: Setting[];
  quantities: Quantity[];
  revision: string;
  version: string;
  propagation: string;
  grace: string;
  emptyDir: boolean;
  unmanaged: boolean;
  whole: boolean;
  direct: boolean;
}

/** What is asked of the hub beside verb and targets. */
export interface Asked {
  replicas?: number;
  parameters?: Parameters;
}

interface Pair {
  name: string;
  value: string;
}

export interface Parameters {
  min?: number;
  max?: number;
  container?: string;
  set?: Pair[];
  remove?: string[];
  requests?: Pair[];
  limits?: Pair[];
  revision?: number;
  version?: string;
  propagation?: string;
  graceSeconds?: number;
  emptyDir?: boolean;
  unmanaged?: boolean;
  whole?: boolean;
  direct?: boolean;
}

export function draftOf(verb: Verb, samples: readonly Sample[], container = ""): Draft {
  const number = (...path: string[]): string => {
    const value = same(samples.map((s) => at(s.object, ...path)));
    return typeof value === "number" ? String(value) : "";
  };
  return {
    replicas: verb === "SCALE" ? number("spec", "replicas") : "",
    min: verb === "AUTOSCALE" ? number("spec", "minReplicas") || (samples.length > 0 ? "1" : "") : "",
    max: verb === "AUTOSCALE" ? number("spec", "maxReplicas") : "",
    container,
    settings: settingsOf(verb, samples, container),
    quantities: verb === "SET_RESOURCES" ? quantitiesOf(chosen(samples, container)) : [],
    revision: "",
    version: "",
    propagation: "",
    grace: "",
    emptyDir: false,
    unmanaged: false,
    whole: false,
    direct: false,
  };
}

/** Names of the containers that the objects have. */
export function containerNames(samples: readonly Sample[], init: boolean): string[] {
  return [
    ...new Set(
      samples.flatMap((s) =>
        containersOf(s.object)
          .filter((c) => init || !c.init)
          .map((c) => c.name),
      ),
    ),
  ];
}

export function newSetting(): Setting {
  return { name: "", value: "", was: undefined, note: "", fixed: false, removed: false };
}

function chosen(samples: readonly Sample[], container: string): Container[] {
  return samples.flatMap((s) =>
    containersOf(s.object).filter((c) => !c.init && (container === "" || c.name === container)),
  );
}

function settingsOf(verb: Verb, samples: readonly Sample[], container: string): Setting[] {
  switch (verb) {
    case "SET_IMAGE":
      return merged(
        samples.flatMap((s) => containersOf(s.object).map((c) => ({ name: c.name, value: c.image, from: "" }))),
        true,
      );
    case "SET_ENV": {
      const list = chosen(samples, container);
      return merged(list.flatMap((c) => c.env.map((e) => ({ ...e }))));
    }
    case "LABEL":
    case "ANNOTATE":
      return merged(
        samples.flatMap((s) =>
          Object.entries((verb === "LABEL" ? s.labels : s.annotations) ?? {})
            .filter(([name]) => name !== "kubectl.kubernetes.io/last-applied-configuration")
            .map(([name, value]) => ({ name, value: String(value), from: "" })),
        ),
      );
    default:
      return [];
  }
}

function merged(list: { name: string; value: string | undefined; from: string }[], fixed = false): Setting[] {
  const names = [...new Set(list.map((e) => e.name))];
  return names.map((name) => {
    const all = list.filter((e) => e.name === name);
    const from = all.find((e) => e.value === undefined)?.from ?? "";
    const was = from === "" ? same(all.map((e) => e.value)) : undefined;
    const values = [...new Set(all.map((e) => e.value))];
    return {
      name,
      value: was ?? "",
      was,
      note: from !== "" ? from : was === undefined ? `now ${values.slice(0, 3).join(", ")}` : "",
      fixed,
      removed: false,
    };
  });
}

function quantitiesOf(containers: readonly Container[]): Quantity[] {
  const names = new Set(["cpu", "memory"]);
  for (const c of containers) for (const n of [...Object.keys(c.requests), ...Object.keys(c.limits)]) names.add(n);
  return [...names].map((name) => {
    const request = same(containers.map((c) => c.requests[name] ?? "")) ?? "";
    const limit = same(containers.map((c) => c.limits[name] ?? "")) ?? "";
    return { name, request, limit, wasRequest: request, wasLimit: limit };
  });
}

/** The value that all have, or undefined. */
function same<T>(values: readonly T[]): T | undefined {
  const [first] = values;
  return values.every((v) => v === first) ? first : undefined;
}

/** What the form asks for, or what it still lacks in a sentence. */
export function askedOf(verb: Verb, d: Draft): Asked | { missing: string } {
  const parameters: Parameters = {};
  const grace = wholeNumber(d.grace);
  if (Number.isNaN(grace)) return { missing: "Seconds of grace are a whole number." };
  if (grace !== undefined && ["DELETE", "EVICT", "DRAIN"].includes(verb)) parameters.graceSeconds = grace;
  if (d.direct) parameters.direct = true;
  const asked: Asked = {};
  switch (verb) {
    case "SCALE": {
      const replicas = wholeNumber(d.replicas);
      if (replicas === undefined || Number.isNaN(replicas)) return { missing: "Say how many replicas." };
      asked.replicas = replicas;
      break;
    }
    case "AUTOSCALE": {
      const min = wholeNumber(d.min);
      const max = wholeNumber(d.max);
      if (Number.isNaN(min) || Number.isNaN(max)) return { missing: "Bounds are whole numbers." };
      if (min === undefined && max === undefined) return { missing: "Give a bound." };
      if (min !== undefined && max !== undefined && min > max)
        return { missing: "The least number is above the greatest." };
      if (min !== undefined) parameters.min = min;
      if (max !== undefined) parameters.max = max;
      break;
    }
    case "SET_IMAGE":
    case "SET_ENV":
    case "LABEL":
    case "ANNOTATE": {
      const changed = d.settings.filter((s) => s.name.trim() !== "" && !s.removed && isChanged(verb, s));
      const removed = d.settings.filter((s) => s.removed).map((s) => s.name);
      if (changed.length + removed.length === 0) return { missing: "Nothing is changed yet." };
      if (changed.length > 0) parameters.set = changed.map((s) => ({ name: s.name.trim(), value: s.value.trim() }));
      if (removed.length > 0) parameters.remove = removed;
      if (verb === "SET_ENV" && d.container !== "") parameters.container = d.container;
      break;
    }
    case "SET_RESOURCES": {
      const pairs = (now: "request" | "limit", was: "wasRequest" | "wasLimit"): Pair[] =>
        d.quantities.filter((q) => q[now].trim() !== q[was]).map((q) => ({ name: q.name, value: q[now].trim() }));
      const requests = pairs("request", "wasRequest");
      const limits = pairs("limit", "wasLimit");
      if (requests.length + limits.length === 0) return { missing: "Nothing is changed yet." };
      if (requests.length > 0) parameters.requests = requests;
      if (limits.length > 0) parameters.limits = limits;
      if (d.container !== "") parameters.container = d.container;
      break;
    }
    case "ROLL_BACK":
      if (d.version !== "") parameters.version = d.version;
      else if (d.revision !== "") parameters.revision = Number(d.revision);
      break;
    case "REVERT":
      if (d.version === "") return { missing: "Choose the change to take back." };
      parameters.version = d.version;
      break;
    case "DELETE":
      if (d.propagation !== "") parameters.propagation = d.propagation;
      break;
    case "DRAIN":
      if (d.emptyDir) parameters.emptyDir = true;
      if (d.unmanaged) parameters.unmanaged = true;
      break;
    case "EVICT":
      if (d.whole) parameters.whole = true;
      break;
    case "RESTART":
    case "PAUSE":
    case "RESUME":
    case "CORDON":
    case "UNCORDON":
    case "RERUN":
    case "TRIGGER":
    case "APPLY":
      break;
    default:
      return verb satisfies never;
  }
  return Object.keys(parameters).length > 0 ? { ...asked, parameters } : asked;
}

/** A new variable or mark may be empty; what objects have is left alone until it is edited. */
function isChanged(verb: Verb, s: Setting): boolean {
  if (s.was !== undefined) return s.value !== s.was && (verb !== "SET_IMAGE" || s.value.trim() !== "");
  return s.fixed || s.note !== "" ? s.value.trim() !== "" : verb !== "SET_IMAGE" || s.value.trim() !== "";
}

/** undefined for nothing, NaN for what is no whole number. */
function wholeNumber(text: string): number | undefined {
  const t = text.trim();
  if (t === "") return undefined;
  return /^\d+$/.test(t) ? Number(t) : Number.NaN;
}

/** How fast an action goes, as typed. */
export interface Pace {
  parallel: string;
  size: string;
  pause: string;
  maxFailures: string;
  byCluster: boolean;
}

export const usualPace: Pace = { parallel: "", size: "", pause: "", maxFailures: "", byCluster: false };

export interface Waves {
  parallel?: number;
  size?: number;
  pauseSeconds?: number;
  maxFailures?: number;
  byCluster?: boolean;
}

export function wavesOf(p: Pace): Waves | undefined | { missing: string } {
  const numbers = {
    parallel: wholeNumber(p.parallel),
    size: wholeNumber(p.size),
    pauseSeconds: wholeNumber(p.pause),
    maxFailures: wholeNumber(p.maxFailures),
  };
  const waves: Waves = {};
  for (const [name, n] of Object.entries(numbers) as [keyof typeof numbers, number | undefined][]) {
    if (Number.isNaN(n)) return { missing: "How fast it goes is said in whole numbers." };
    if (n !== undefined) waves[name] = n;
  }
  if (p.byCluster) waves.byCluster = true;
  return Object.keys(waves).length > 0 ? waves : undefined;
}
