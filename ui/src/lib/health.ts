import { many } from "./count";
import { ago } from "./time";

export type HealthName = "HEALTHY" | "PROGRESSING" | "DEGRADED" | "FAILED" | "SUSPENDED" | "TERMINATING" | "UNKNOWN";

/** Healthy, Progressing, ... */
export function healthWord(h: HealthName): string {
  return h.charAt(0) + h.slice(1).toLowerCase();
}

/** Whether somebody who opens it wonders why it is as it is. */
export function troubled(r: { health: HealthName; ready: boolean | null }): boolean {
  return r.health === "DEGRADED" || r.health === "FAILED" || (r.ready === false && r.health === "PROGRESSING");
}

interface Described {
  kind: string;
  health: HealthName;
  status: string;
  ready: boolean | null;
  replicas: number | null;
  readyReplicas: number | null;
  restarts: number | null;
  reasons: string[];
  changedAt: string;
  changedBy: string;
  deletedAt: string | null;
}

/** Health in a sentence: "2 of 5 ready: CrashLoopBackOff; last change 3 min ago by helm." */
export function healthSentence(r: Described, now: number): string {
  if (r.deletedAt) return `Deleted ${ago(r.deletedAt, now)}.`;
  let first: string;
  if (r.replicas !== null && r.readyReplicas !== null) {
    first =
      r.replicas === 0 && r.readyReplicas === 0
        ? "Scaled to zero"
        : r.readyReplicas >= r.replicas
          ? `All ${many(r.replicas, "replica")} ready`.replace("All 1 replica ready", "The only replica is ready")
          : `${r.readyReplicas} of ${r.replicas} ready`;
    if (r.health === "PROGRESSING") first += ", a rollout is under way";
  } else if (r.health === "HEALTHY") first = r.status && r.status !== "Healthy" ? `Healthy: ${r.status}` : "Healthy";
  else if (r.health === "UNKNOWN" && r.status === "") first = "This kind reports no health";
  else
    first =
      r.status && r.status !== healthWord(r.health) ? `${healthWord(r.health)}: ${r.status}` : healthWord(r.health);
  const reasons = r.reasons.filter((x) => x !== r.status && !first.includes(x));
  if (reasons.length > 0 && r.health !== "HEALTHY")
    first += `${first.includes(":") ? "," : ":"} ${reasons.slice(0, 3).join(", ")}`;
  if (r.restarts !== null && r.restarts > 0) first += `; ${many(r.restarts, "restart")}`;
  return `${first}. Last change ${ago(r.changedAt, now)}${r.changedBy ? ` by ${r.changedBy}` : ""}.`;
}
