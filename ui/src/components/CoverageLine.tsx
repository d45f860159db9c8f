import { CircleCheck, ChevronDown, TriangleAlert } from "lucide-react";
import { Popover } from "radix-ui";
import type { Coverage } from "../api/search";
import { many } from "../lib/count";
import { ClusterStateMark } from "./ClusterStateMark";
import { Time } from "./Time";

/** For how many clusters an answer speaks; opens the list of them with their state. */
export function CoverageLine({ coverage }: { coverage: Coverage }) {
  const { asked, answered, stale, missing } = coverage;
  const troubled = coverage.clusters.filter((c) => c.state !== "LIVE");
  const whole = asked > 0 && troubled.length === 0 && missing.length === 0;
  const parts = [answered === asked ? many(asked, "cluster") : `${answered} of ${many(asked, "cluster")}`];
  if (stale > 0) parts.push(`${stale} stale`);
  const rest = troubled.length - stale - (asked - answered);
  if (rest > 0) parts.push(`${rest} not in step`);
  if (missing.length > 0) parts.push("past not kept");
  const Icon = whole ? CircleCheck : TriangleAlert;
  return (
    <Popover.Root>
      <Popover.Trigger
        className={`inline-flex min-h-6 items-center gap-1 rounded px-1.5 hover:bg-hover ${whole ? "text-muted" : "font-medium text-warn"}`}
        title="Which clusters this answer speaks for"
      >
        <Icon className={`size-3.5 ${whole ? "text-good" : ""}`} aria-hidden />
        <span>{parts.join(" · ")}</span>
        <ChevronDown className="size-3.5" aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={4}
          aria-label="Coverage"
          className="z-50 max-h-[60dvh] w-[min(30rem,calc(100vw-1.5rem))] overflow-y-auto rounded-lg border border-line bg-surface p-3 shadow-xl"
        >
          <h2 className="mb-2 font-semibold">
            {asked === 0 ? "No cluster is attached" : `This answer speaks for ${answered} of ${many(asked, "cluster")}`}
          </h2>
          {missing.map((sentence) => (
            <p key={sentence} className="mb-2 text-warn">
              {sentence}
            </p>
          ))}
          <ul className="divide-y divide-line">
            {coverage.clusters.map((c) => (
              <li key={c.cluster} className="grid grid-cols-[1fr_auto] gap-x-3 py-1.5">
                <span className="truncate font-medium">{c.cluster}</span>
                <ClusterStateMark state={c.state} />
                <span className="col-span-2 text-xs text-muted">
                  {c.asOf ? (
                    <>
                      as of <Time at={c.asOf} />
                    </>
                  ) : (
                    "nothing stored yet"
                  )}
                  {c.reason && ` · ${c.reason}`}
                </span>
              </li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
