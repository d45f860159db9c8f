import { Plus, Trash2 } from "lucide-react";
import { box, label } from "../../components/action/fields";
import { SettingRows } from "../../components/action/SettingRows";
import { Button } from "../../components/Button";
import { newOverride, type Override } from "../../lib/override";

interface Props {
  overrides: readonly Override[];
  onChange: (overrides: Override[]) => void;
}

/** What is other in some of the clusters; later ones win. */
export function OverrideFields({ overrides, onChange }: Props) {
  const set = (i: number, part: Partial<Override>): void =>
    onChange(overrides.map((o, n) => (n === i ? { ...o, ...part } : o)));
  return (
    <section aria-label="Overrides" className="flex flex-col gap-2">
      <h2 className="text-sm font-semibold">Otherwise in some clusters</h2>
      {overrides.map((o, i) => (
        <div key={i} className="flex flex-col gap-2 rounded-md border border-line bg-raised p-2.5">
          <div className="flex items-end gap-2">
            <label className={`${label} min-w-0 grow`}>
              Clusters
              <input
                className={`${box} min-w-0 font-mono text-xs`}
                placeholder="zone1, prod-eu-*"
                spellCheck={false}
                autoComplete="off"
                value={o.clusters}
                onChange={(e) => set(i, { clusters: e.target.value })}
              />
            </label>
            <button
              type="button"
              aria-label={`Remove override ${i + 1}`}
              title="Remove"
              className="grid size-9 shrink-0 place-items-center rounded text-muted hover:bg-hover hover:text-ink"
              onClick={() => onChange(overrides.filter((_, n) => n !== i))}
            >
              <Trash2 className="size-4" aria-hidden />
            </button>
          </div>
          <div className="grid grid-cols-[minmax(0,1fr)_6rem] gap-2">
            <label className={`${label} min-w-0`}>
              Registry of images
              <input
                className={`${box} min-w-0 font-mono text-xs`}
                placeholder="as in the manifest"
                spellCheck={false}
                autoComplete="off"
                value={o.registry}
                onChange={(e) => set(i, { registry: e.target.value })}
              />
            </label>
            <label className={label}>
              Replicas
              <input
                className={`${box} min-w-0 tabular-nums`}
                inputMode="numeric"
                autoComplete="off"
                value={o.replicas}
                onChange={(e) => set(i, { replicas: e.target.value })}
              />
            </label>
          </div>
          <SettingRows
            title="Environment of every container"
            name="Variable"
            value="Value"
            rows={o.env}
            another="A variable"
            onChange={(env) => set(i, { env })}
          />
        </div>
      ))}
      <div>
        <Button small icon={Plus} onClick={() => onChange([...overrides, newOverride()])}>
          An override
        </Button>
      </div>
    </section>
  );
}
