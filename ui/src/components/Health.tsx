import {
  CircleCheck,
  CircleDashed,
  CirclePause,
  CircleX,
  LoaderCircle,
  Trash2,
  TriangleAlert,
  type LucideIcon,
} from "lucide-react";
import { healthWord, type HealthName } from "../lib/health";

const marks: Record<HealthName, { icon: LucideIcon; color: string }> = {
  HEALTHY: { icon: CircleCheck, color: "text-good" },
  PROGRESSING: { icon: LoaderCircle, color: "text-busy" },
  DEGRADED: { icon: TriangleAlert, color: "text-warn" },
  FAILED: { icon: CircleX, color: "text-bad" },
  SUSPENDED: { icon: CirclePause, color: "text-quiet" },
  TERMINATING: { icon: Trash2, color: "text-leaving" },
  UNKNOWN: { icon: CircleDashed, color: "text-quiet" },
};

/** Health as icon and word; the status that kubectl prints stands in for the word where there is one. */
export function Health({ health, status }: { health: HealthName; status?: string }) {
  const { icon: Icon, color } = marks[health];
  const word = status || healthWord(health);
  return (
    <span
      className={`inline-flex min-w-0 items-center gap-1.5 ${color}`}
      title={status && status !== healthWord(health) ? `${status} (${healthWord(health)})` : word}
    >
      <Icon className="size-4 shrink-0" aria-hidden />
      <span className="truncate">{word}</span>
    </span>
  );
}
