import { containerNames, draftOf, type Draft, type Sample } from "../../lib/wish";
import type { Verb } from "../../lib/verbs";
import { box, label, tick } from "./fields";
import { QuantityRows } from "./QuantityRows";
import type { ActionRequest } from "./request";
import { RollBackFields } from "./RollBackFields";
import { SettingRows } from "./SettingRows";

export interface FieldProps {
  verb: Verb;
  draft: Draft;
  samples: readonly Sample[];
  /** The first of the objects. */
  first: string | undefined;
  request: ActionRequest;
  onChange: (part: Partial<Draft>) => void;
}

/** The fields of one verb. */
export function VerbFields(props: FieldProps) {
  const { verb, draft: d, onChange, request } = props;
  switch (verb) {
    case "SCALE":
      return (
        <div className="flex flex-wrap gap-3">
          <NumberField word="Replicas" value={d.replicas} onChange={(replicas) => onChange({ replicas })} />
        </div>
      );
    case "AUTOSCALE":
      return (
        <div className="flex flex-wrap gap-3">
          <NumberField word="At least" value={d.min} onChange={(min) => onChange({ min })} />
          <NumberField word="At most" value={d.max} onChange={(max) => onChange({ max })} />
        </div>
      );
    case "SET_IMAGE":
      return (
        <SettingRows
          title="Images"
          name="Container"
          value="Image"
          rows={d.settings}
          another="Another container"
          onChange={(settings) => onChange({ settings })}
        />
      );
    case "SET_ENV":
      return (
        <>
          <ContainerField {...props} />
          <SettingRows
            title="Environment"
            name="Variable"
            value="Value"
            rows={d.settings}
            another="Another variable"
            removable
            onChange={(settings) => onChange({ settings })}
          />
        </>
      );
    case "SET_RESOURCES":
      return (
        <>
          <ContainerField {...props} />
          <QuantityRows rows={d.quantities} onChange={(quantities) => onChange({ quantities })} />
        </>
      );
    case "LABEL":
    case "ANNOTATE":
      return (
        <SettingRows
          title={verb === "LABEL" ? "Labels" : "Annotations"}
          name="Key"
          value="Value"
          rows={d.settings}
          another={verb === "LABEL" ? "Another label" : "Another annotation"}
          removable
          onChange={(settings) => onChange({ settings })}
        />
      );
    case "ROLL_BACK":
      return <RollBackFields {...props} />;
    case "REVERT":
      return request.version ? (
        <p className="text-sm">
          The change that is taken back: <strong>{request.version.words}</strong>
        </p>
      ) : null;
    case "DRAIN":
      return (
        <div className="flex flex-col gap-2">
          <Tick
            checked={d.emptyDir}
            onChange={(emptyDir) => onChange({ emptyDir })}
            word="Also pods with emptyDir volumes; what is in them is lost"
          />
          <Tick
            checked={d.unmanaged}
            onChange={(unmanaged) => onChange({ unmanaged })}
            word="Also pods that nobody brings back"
          />
          <Grace draft={d} onChange={onChange} />
        </div>
      );
    case "EVICT":
      return (
        <div className="flex flex-col gap-2">
          <Tick
            checked={d.whole}
            onChange={(whole) => onChange({ whole })}
            word="Also workloads of a single pod, which are away until the new one is ready"
          />
          <Grace draft={d} onChange={onChange} />
        </div>
      );
    case "DELETE":
      return (
        <div className="flex flex-wrap gap-3">
          <label className={label}>
            What it owns
            <select className={box} value={d.propagation} onChange={(e) => onChange({ propagation: e.target.value })}>
              <option value="">as is usual for the kind</option>
              <option value="Background">goes after it</option>
              <option value="Foreground">goes before it</option>
              <option value="Orphan">stays</option>
            </select>
          </label>
          <Grace draft={d} onChange={onChange} />
        </div>
      );
    case "RESTART":
    case "PAUSE":
    case "RESUME":
    case "CORDON":
    case "UNCORDON":
    case "RERUN":
    case "TRIGGER":
    case "APPLY":
      return null;
    default:
      return verb satisfies never;
  }
}

function ContainerField({ verb, request, draft, samples, onChange }: FieldProps) {
  const names = containerNames(samples, false);
  if (names.length < 2) return null;
  return (
    <label className={label}>
      Container
      <select
        className={`${box} max-w-64`}
        value={draft.container}
        onChange={(e) =>
          onChange({
            ...draftOf(verb, samples, e.target.value),
            direct: draft.direct,
            version: request.version?.id ?? "",
          })
        }
      >
        <option value="">all</option>
        {names.map((n) => (
          <option key={n}>{n}</option>
        ))}
      </select>
    </label>
  );
}

function NumberField({ word, value, onChange }: { word: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className={`${label} w-40`}>
      {word}
      <input
        type="number"
        min={0}
        max={10000}
        step={1}
        value={value}
        onChange={(e) => onChange(e.target.value)}
        className={`${box} tabular-nums`}
      />
    </label>
  );
}

function Grace({ draft, onChange }: { draft: Draft; onChange: (part: Partial<Draft>) => void }) {
  return (
    <label className={`${label} w-48`}>
      Seconds of grace
      <input
        inputMode="numeric"
        autoComplete="off"
        placeholder="what the pod says"
        value={draft.grace}
        onChange={(e) => onChange({ grace: e.target.value })}
        className={`${box} tabular-nums`}
      />
    </label>
  );
}

function Tick({ checked, word, onChange }: { checked: boolean; word: string; onChange: (on: boolean) => void }) {
  return (
    <label className={tick}>
      <input
        type="checkbox"
        className="mt-0.5 size-4 accent-(--accent)"
        checked={checked}
        onChange={(e) => onChange(e.target.checked)}
      />
      {word}
    </label>
  );
}
