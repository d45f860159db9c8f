import type { Pace } from "../../lib/wish";
import { box, label, tick } from "./fields";

const numbers: { name: "parallel" | "size" | "pause" | "maxFailures"; word: string; usual: string }[] = [
  { name: "parallel", word: "Targets at a time", usual: "4" },
  { name: "size", word: "Targets in a wave", usual: "all" },
  { name: "pause", word: "Seconds between waves", usual: "none" },
  { name: "maxFailures", word: "Stop after failures", usual: "never" },
];

/** How fast an action goes: in waves, with a pause between them, and when it stops by itself. */
export function PaceFields({ pace, onChange }: { pace: Pace; onChange: (pace: Pace) => void }) {
  return (
    <>
      <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {numbers.map(({ name, word, usual }) => (
          <label key={name} className={label}>
            {word}
            <input
              inputMode="numeric"
              autoComplete="off"
              placeholder={usual}
              value={pace[name]}
              onChange={(e) => onChange({ ...pace, [name]: e.target.value })}
              className={`${box} min-w-0 tabular-nums`}
            />
          </label>
        ))}
      </div>
      <label className={tick}>
        <input
          type="checkbox"
          className="mt-0.5 size-4 accent-(--accent)"
          checked={pace.byCluster}
          onChange={(e) => onChange({ ...pace, byCluster: e.target.checked })}
        />
        A wave never spans clusters
      </label>
    </>
  );
}
