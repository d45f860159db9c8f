export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  since: string | null;
  /** Whether it is as one wants it; undefined when nobody can say. */
  good: boolean | undefined;
}

/** Conditions whose True is bad news. */
const bad =
  /Pressure$|Failure$|^Failed$|Unavailable$|^Stalled$|^Degraded$|^Suspended$|^DisruptionTarget$|Error$|^ScalingLimited$|Condition$/;

/** status.conditions of any object, those that are not as wanted first. */
export function conditionsOf(object: unknown): Condition[] {
  const list = property(property(object, "status"), "conditions");
  if (!Array.isArray(list)) return [];
  return list
    .map((c: unknown): Condition => {
      const type = word(c, "type");
      const status = word(c, "status") || "Unknown";
      const good = status === "Unknown" ? undefined : (status === "True") !== bad.test(type);
      return {
        type,
        status,
        reason: word(c, "reason"),
        message: word(c, "message"),
        since: word(c, "lastTransitionTime") || null,
        good,
      };
    })
    .filter((c) => c.type !== "")
    .toSorted((a, b) => Number(a.good ?? false) - Number(b.good ?? false));
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function word(value: unknown, name: string): string {
  const v = property(value, name);
  return typeof v === "string" ? v : "";
}
