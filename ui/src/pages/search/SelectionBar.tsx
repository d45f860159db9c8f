import { X } from "lucide-react";
import { useState } from "react";
import type { ActionVerb } from "../../api/generated";
import type { Row } from "../../api/search";
import type { ActionRequest } from "../../components/action/request";
import { icons, VerbMenu } from "../../components/action/VerbMenu";
import { Button } from "../../components/Button";
import { useKeys } from "../../components/keys";
import { count, many } from "../../lib/count";
import { offered, prominent, verbs } from "../../lib/verbs";
import type { Selection } from "./useSelection";

interface Props {
  query: string;
  total: number;
  rows: Row[];
  selection: Selection;
  onAct: (request: ActionRequest) => void;
}

/** What can be done with the selected rows, or with every result once all loaded ones are selected. */
export function SelectionBar({ query, total, rows, selection, onAct }: Props) {
  const picked = selection.rows;
  const clusters = new Set(picked.map((r) => r.cluster)).size;
  const allLoaded = total > rows.length && rows.every((r) => selection.has(r.ref));
  const [wanted, setWanted] = useState(false);
  // Every result is meant only as long as every loaded row is selected.
  const every = wanted && allLoaded;
  const offers = offered(picked);
  const able = (verb: ActionVerb): Row[] => picked.filter((r) => r.verbs.includes(verb));
  const act = (verb: ActionVerb): void => {
    const targets = able(verb);
    if (targets.length === 0) return;
    const refs = targets.map((r) => r.ref);
    if (every) onAct({ verb, query, leftOut: 0, total, samples: refs });
    else onAct({ verb, refs, leftOut: picked.length - targets.length });
  };
  useKeys({ r: () => act("RESTART"), s: () => act("SCALE"), Delete: () => act("DELETE") });
  return (
    <section
      aria-label="Selection"
      className="flex flex-wrap items-center gap-2 border-t border-line bg-surface px-3 py-2 shadow-[0_-4px_12px_rgb(0_0_0/0.06)]"
    >
      <p aria-live="polite" className="text-sm font-semibold">
        {every
          ? `All ${count(total)} results that match`
          : `${count(picked.length)} selected in ${many(clusters, "cluster")}`}
      </p>
      {allLoaded && (
        <Button look="quiet" aria-pressed={every} onClick={() => setWanted((w) => !w)}>
          {every ? `Only the ${count(picked.length)} selected` : `Select all ${count(total)} that match`}
        </Button>
      )}
      {prominent(offers, 3).map((verb) => {
        const words = verbs[verb];
        return (
          <Button
            key={verb}
            icon={icons[verb]}
            title={words.key === undefined ? undefined : `${words.word} (${words.key})`}
            onClick={() => act(verb)}
          >
            {words.word}
          </Button>
        );
      })}
      <VerbMenu
        verbs={offers}
        able={(verb) => {
          const n = able(verb).length;
          return n === picked.length || every ? "" : `${n} of ${picked.length}`;
        }}
        onAct={act}
      />
      {offers.length === 0 && <span className="text-sm text-muted">Nothing can be done with these.</span>}
      <Button look="quiet" icon={X} className="ml-auto" onClick={selection.clear}>
        Clear
      </Button>
    </section>
  );
}
