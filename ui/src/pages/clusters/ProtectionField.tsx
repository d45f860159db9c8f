import { useMutation, useQueryClient } from "@tanstack/react-query";
import { clusters, protectCluster, type Cluster } from "../../api/clusters";
import type { Protection } from "../../api/generated";
import { ErrorPanel } from "../../components/Panels";

const levels: { level: Protection; says: string }[] = [
  { level: "NONE", says: "none: one object changes by a click" },
  { level: "CONFIRM", says: "confirm: every change asks for typed words" },
  { level: "FOUR_EYES", says: "four eyes: and another person approves it" },
];

/** How much it takes to change anything in a cluster. */
export function ProtectionField({ cluster: c }: { cluster: Cluster }) {
  const client = useQueryClient();
  const protect = useMutation({
    mutationFn: (level: Protection) => protectCluster(c.name, level),
    onSuccess: () => void client.invalidateQueries({ queryKey: clusters().queryKey }),
  });
  return (
    <>
      <select
        aria-label={`Protection of ${c.name}`}
        className="h-7 max-w-full rounded-md border border-edge/60 bg-surface px-1.5 text-sm"
        value={c.protection}
        disabled={protect.isPending}
        onChange={(e) => {
          const chosen = levels.find((l) => l.level === e.target.value);
          if (chosen) protect.mutate(chosen.level);
        }}
      >
        {levels.map((l) => (
          <option key={l.level} value={l.level}>
            {l.says}
          </option>
        ))}
      </select>
      {protect.data?.done === false && (
        <p role="status" className="mt-1 text-sm text-warn">
          It stays as it is until another person asks for the same within an hour.
        </p>
      )}
      {protect.error && <ErrorPanel error={protect.error} />}
    </>
  );
}
