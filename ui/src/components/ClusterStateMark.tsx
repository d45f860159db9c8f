import { CircleCheck, CircleDashed, LoaderCircle, TriangleAlert, Unplug, type LucideIcon } from "lucide-react";
import type { ClusterState } from "../api/generated";

const marks: Record<ClusterState, { icon: LucideIcon; color: string; word: string; title: string }> = {
  LIVE: { icon: CircleCheck, color: "text-good", word: "Live", title: "In step with the cluster" },
  SYNCING: {
    icon: LoaderCircle,
    color: "text-busy",
    word: "Syncing",
    title: "Connected for the first time; first lists are under way",
  },
  DEGRADED: {
    icon: TriangleAlert,
    color: "text-warn",
    word: "Degraded",
    title: "Heard from, but some kinds fail or lag",
  },
  STALE: {
    icon: Unplug,
    color: "text-bad",
    word: "Stale",
    title: "Not heard from; what is shown is as of the time given",
  },
  PENDING: { icon: CircleDashed, color: "text-quiet", word: "Pending", title: "Registered, never heard from" },
};

export function ClusterStateMark({ state }: { state: ClusterState }) {
  const { icon: Icon, color, word, title } = marks[state];
  return (
    <span className={`inline-flex items-center gap-1 ${color}`} title={title}>
      <Icon className="size-4" aria-hidden />
      {word}
    </span>
  );
}
