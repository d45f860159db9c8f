/** The verbs of an action. */
export type Verb =
  | "RESTART"
  | "EVICT"
  | "SCALE"
  | "AUTOSCALE"
  | "ROLL_BACK"
  | "PAUSE"
  | "RESUME"
  | "TRIGGER"
  | "RERUN"
  | "SET_IMAGE"
  | "SET_ENV"
  | "SET_RESOURCES"
  | "REVERT"
  | "CORDON"
  | "UNCORDON"
  | "DRAIN"
  | "LABEL"
  | "ANNOTATE"
  | "DELETE"
  | "APPLY";

interface Words {
  /** On a menu: Set image… */
  word: string;
  /** On the button that runs it, before "3 objects": Set the image of. */
  run: string;
  group: Group;
  /** The key that begins it. */
  key?: string;
  /** What it does, in a sentence that says what people may not expect. */
  says: string;
  /** It cannot be taken back in every case, or takes something away. */
  grave?: boolean;
}

export type Group = "run" | "set" | "node" | "mark" | "end";

export const groups: Record<Group, string> = {
  run: "Running",
  set: "Template",
  node: "Node",
  mark: "Marks",
  end: "End",
};

/** Every verb in words, in the order of menus. */
export const verbs: Record<Verb, Words> = {
  RESTART: {
    word: "Restart",
    run: "Restart",
    group: "run",
    key: "r",
    says: "New pods replace the old ones by the workload's own rollout, as kubectl rollout restart does.",
  },
  EVICT: {
    word: "Restart by eviction",
    run: "Evict the pods of",
    group: "run",
    says: "The pods go one by one, as far as disruption budgets allow, and their owners bring new ones. Nothing in the manifest changes, so nobody takes it back.",
  },
  SCALE: {
    word: "Scale",
    run: "Scale",
    group: "run",
    key: "s",
    says: "Sets the number of replicas. Where an autoscaler owns it, the autoscaler's bounds are changed instead.",
  },
  AUTOSCALE: {
    word: "Set bounds",
    run: "Set the bounds of",
    group: "run",
    says: "Sets between how many and how many replicas the autoscaler may choose.",
  },
  ROLL_BACK: {
    word: "Roll back",
    run: "Roll back",
    group: "run",
    says: "Brings an earlier template back, and with it new pods.",
  },
  PAUSE: {
    word: "Pause",
    run: "Pause",
    group: "run",
    says: "Changes of a paused Deployment are rolled out when it is resumed; a suspended Job or CronJob starts no pods.",
  },
  RESUME: { word: "Resume", run: "Resume", group: "run", says: "Goes on where it was paused." },
  TRIGGER: {
    word: "Run now",
    run: "Run",
    group: "run",
    says: "Makes a Job from the CronJob now, beside its schedule.",
  },
  RERUN: { word: "Run again", run: "Run", group: "run", says: "Makes the same Job once more, under another name." },
  SET_IMAGE: {
    word: "Set image",
    run: "Set the image of",
    group: "set",
    says: "Changes images of containers, which rolls new pods out.",
  },
  SET_ENV: {
    word: "Set environment",
    run: "Set the environment of",
    group: "set",
    says: "Changes environment variables, which rolls new pods out. Secrets belong into a Secret, not here.",
  },
  SET_RESOURCES: {
    word: "Set resources",
    run: "Set the resources of",
    group: "set",
    says: "Changes requests and limits, which rolls new pods out.",
  },
  REVERT: {
    word: "Revert a change",
    run: "Revert the change of",
    group: "set",
    says: "Takes one change back and leaves what was changed since.",
  },
  CORDON: { word: "Cordon", run: "Cordon", group: "node", says: "No new pod is put there; those that run stay." },
  UNCORDON: { word: "Uncordon", run: "Uncordon", group: "node", says: "New pods may be put there again." },
  DRAIN: {
    word: "Drain",
    run: "Drain",
    group: "node",
    says: "Cordons the node, then evicts its pods as far as disruption budgets allow. DaemonSets' pods stay.",
    grave: true,
  },
  LABEL: { word: "Label", run: "Label", group: "mark", says: "Selectors look at labels: what stops matching is left." },
  ANNOTATE: { word: "Annotate", run: "Annotate", group: "mark", says: "Controllers may act on annotations." },
  DELETE: {
    word: "Delete",
    run: "Delete",
    group: "end",
    says: "It goes, and what it owns with it. Undo makes it anew from what was there, with another uid.",
    grave: true,
  },
  APPLY: {
    word: "Apply",
    run: "Apply",
    group: "set",
    says: "Server-side apply: fields of the manifest become as it says, others stay.",
  },
};

const order = Object.keys(verbs);

/** A verb of this list that the page knows how to ask for, or undefined: hubs may be newer than the page. */
export function isVerb(name: string): name is Verb {
  return Object.hasOwn(verbs, name);
}

/** What a menu offers for objects: each verb that one of them knows. A revert begins at a change, not here. */
export function offered(objects: readonly { verbs: readonly string[] }[]): Verb[] {
  const known = new Set(objects.flatMap((o) => o.verbs));
  return [...known]
    .filter(isVerb)
    .filter((v) => v !== "REVERT" && v !== "APPLY")
    .toSorted((a, b) => order.indexOf(a) - order.indexOf(b));
}

const first: readonly Verb[] = ["RESTART", "SCALE", "ROLL_BACK", "AUTOSCALE", "TRIGGER", "RERUN", "CORDON", "DRAIN"];

/** The few verbs that stand beside the menu. */
export function prominent(list: readonly Verb[], most: number): Verb[] {
  return first.filter((v) => list.includes(v)).slice(0, most);
}

/** Verbs of a list by their group, in the order of menus. */
export function grouped(list: readonly Verb[]): { group: Group; verbs: Verb[] }[] {
  return (Object.keys(groups) as Group[])
    .map((group) => ({ group, verbs: list.filter((v) => verbs[v].group === group) }))
    .filter((g) => g.verbs.length > 0);
}

/** Leaves out what the object's state makes pointless: pausing what is paused, uncordoning what is not cordoned. */
export function fitting(list: readonly Verb[], object: unknown): Verb[] {
  const spec = field(object, "spec");
  const paused = field(spec, "paused") === true || field(spec, "suspend") === true;
  const cordoned = field(spec, "unschedulable") === true;
  const pointless = new Set<Verb>([paused ? "PAUSE" : "RESUME", cordoned ? "CORDON" : "UNCORDON"]);
  return list.filter((v) => !pointless.has(v));
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
