import {
  Ban,
  CircleCheck,
  CircleDashed,
  CircleSlash,
  CircleX,
  ClipboardList,
  ClockFading,
  LoaderCircle,
  SkipForward,
  TimerOff,
  type LucideIcon,
} from "lucide-react";
import type { ActionState, TargetState } from "../../api/generated";

export interface Look {
  icon: LucideIcon;
  color: string;
  word: string;
}

export const actionStates: Record<ActionState, Look> = {
  PLANNING: { icon: LoaderCircle, color: "text-busy", word: "Planning" },
  PLANNED: { icon: ClipboardList, color: "text-busy", word: "Planned" },
  RUNNING: { icon: LoaderCircle, color: "text-busy", word: "Running" },
  SUCCEEDED: { icon: CircleCheck, color: "text-good", word: "Succeeded" },
  FAILED: { icon: CircleX, color: "text-bad", word: "Failed" },
  STOPPED: { icon: CircleSlash, color: "text-warn", word: "Stopped" },
  EXPIRED: { icon: TimerOff, color: "text-quiet", word: "Expired" },
};

export const targetStates: Record<TargetState, Look> = {
  PENDING: { icon: CircleDashed, color: "text-quiet", word: "Not dry-run yet" },
  READY: { icon: CircleCheck, color: "text-good", word: "Dry run passed" },
  BLOCKED: { icon: Ban, color: "text-bad", word: "Blocked" },
  QUEUED: { icon: ClockFading, color: "text-quiet", word: "Queued" },
  RUNNING: { icon: LoaderCircle, color: "text-busy", word: "Running" },
  DONE: { icon: CircleCheck, color: "text-good", word: "Done" },
  FAILED: { icon: CircleX, color: "text-bad", word: "Failed" },
  SKIPPED: { icon: SkipForward, color: "text-quiet", word: "Skipped" },
};
