import {
  CircleCheck,
  CircleSlash,
  CircleX,
  ClipboardList,
  LoaderCircle,
  TimerOff,
  type LucideIcon,
} from "lucide-react";
import type { ActionState } from "../api/generated";

const marks: Record<ActionState, { icon: LucideIcon; color: string; word: string }> = {
  PLANNED: { icon: ClipboardList, color: "text-busy", word: "Planned" },
  RUNNING: { icon: LoaderCircle, color: "text-busy", word: "Running" },
  SUCCEEDED: { icon: CircleCheck, color: "text-good", word: "Succeeded" },
  FAILED: { icon: CircleX, color: "text-bad", word: "Failed" },
  STOPPED: { icon: CircleSlash, color: "text-warn", word: "Stopped" },
  EXPIRED: { icon: TimerOff, color: "text-quiet", word: "Expired" },
};

export function ActionStateMark({ state }: { state: ActionState }) {
  const { icon: Icon, color, word } = marks[state];
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium ${color}`}>
      <Icon className={`size-4 ${state === "RUNNING" ? "spin" : ""}`} aria-hidden />
      {word}
    </span>
  );
}
