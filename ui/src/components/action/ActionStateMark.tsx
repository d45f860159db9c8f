import type { ActionState } from "../../api/generated";
import { actionStates } from "./states";

export function ActionStateMark({ state }: { state: ActionState }) {
  const { icon: Icon, color, word } = actionStates[state];
  return (
    <span className={`inline-flex items-center gap-1.5 font-medium ${color}`}>
      <Icon className={`size-4 ${state === "RUNNING" || state === "PLANNING" ? "spin" : ""}`} aria-hidden />
      {word}
    </span>
  );
}
