import {
  acceptCompletion,
  autocompletion,
  closeCompletion,
  completionStatus,
  moveCompletionSelection,
  selectedCompletion,
  startCompletion,
  type Completion,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { linter, type Diagnostic } from "@codemirror/lint";
import { EditorState, Prec, RangeSetBuilder, type Text } from "@codemirror/state";
import {
  Decoration,
  drawSelection,
  EditorView,
  keymap,
  placeholder,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from "@codemirror/view";
import { useQueryClient, type QueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { savedSearches, type Saved } from "../api/saved";
import { completions, explanation, type QueryPage } from "../api/search";
import { fixesOf } from "../lib/fixes";
import { bytesOfUnits, unitsOfBytes } from "../lib/offsets";
import { tokenize, type TokenType } from "../lib/tokens";
import { like, looksLikeQuery } from "../lib/words";
import { recentQueries } from "./settings";

interface Props {
  value: string;
  page: QueryPage;
  onRun: (query: string) => void;
  onSyntax: () => void;
}

/** The query bar's editor: one line, coloured, completed by the hub, mistakes underlined with their fix. */
export function QueryEditor({ value, page, onRun, onSyntax }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const client = useQueryClient();
  const callbacks = useRef({ page, onRun, onSyntax });
  useEffect(() => {
    callbacks.current = { page, onRun, onSyntax };
  });

  useEffect(() => {
    if (!host.current) return undefined;
    const field = document.activeElement instanceof HTMLInputElement ? document.activeElement : null;
    const editor = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: field?.closest("[data-query-bar]") ? field.value : "",
        extensions: extensions(client, {
          run: (query) => callbacks.current.onRun(query),
          syntax: () => callbacks.current.onSyntax(),
          page: () => callbacks.current.page,
        }),
      }),
    });
    view.current = editor;
    return () => {
      editor.destroy();
      view.current = null;
    };
  }, [client]);

  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === value) return;
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: value },
      selection: { anchor: value.length },
    });
  }, [value]);

  return <div ref={host} className="query-editor" />;
}

interface Commands {
  run: (query: string) => void;
  syntax: () => void;
  page: () => QueryPage;
}

function extensions(client: QueryClient, commands: Commands) {
  return [
    history(),
    drawSelection(),
    oneLine,
    placeholder("Search every cluster: app:checkout status:!Ready"),
    colours,
    autocompletion({
      override: [(context) => complete(client, commands.page(), context)],
      selectOnOpen: false,
      defaultKeymap: false,
      activateOnTypingDelay: 60,
      interactionDelay: 0, // nothing is taken unasked: Enter runs the query unless a suggestion was chosen
      icons: false,
      maxRenderedOptions: 40,
      addToOptions: [{ render: countOf, position: 90 }],
    }),
    linter((editor) => lint(client, commands.page(), editor), { delay: 350 }),
    Prec.highest(keymap.of(keys(commands))),
    keymap.of([...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({
      "aria-label": "Search query",
      "aria-multiline": "false",
      tabindex: "0",
      spellcheck: "false",
      autocapitalize: "off",
    }),
    theme,
  ];
}

/** Line breaks that are pasted become spaces. */
const oneLine = EditorState.transactionFilter.of((tr) => {
  if (!tr.docChanged || tr.newDoc.lines === 1) return tr;
  const text = tr.newDoc.toString().replaceAll(/\s*\n\s*/g, " ");
  return [{ changes: { from: 0, to: tr.startState.doc.length, insert: text }, selection: { anchor: text.length } }];
});

function keys(commands: Commands) {
  let recentAt = -1;
  const recall = (editor: EditorView, step: number): boolean => {
    const list = recentQueries();
    const at = Math.min(recentAt + step, list.length - 1);
    const text = at < 0 ? "" : list[at];
    if (text === undefined) return false;
    recentAt = Math.max(at, -1);
    editor.dispatch({
      changes: { from: 0, to: editor.state.doc.length, insert: text },
      selection: { anchor: text.length },
    });
    return true;
  };
  return [
    {
      key: "Enter",
      run: (editor: EditorView) => {
        if (selectedCompletion(editor.state)) return acceptCompletion(editor);
        closeCompletion(editor);
        recentAt = -1;
        commands.run(editor.state.doc.toString().trim());
        return true;
      },
    },
    {
      key: "Tab",
      run: (editor: EditorView) => {
        if (completionStatus(editor.state) === null) return false;
        acceptSoon(editor, editor.state.doc, 20);
        return true;
      },
    },
    {
      key: "ArrowDown",
      run: (editor: EditorView) => {
        if (completionStatus(editor.state) === "active") return moveCompletionSelection(true)(editor);
        if (recentAt >= 0) return recall(editor, -1);
        return startCompletion(editor);
      },
    },
    {
      key: "ArrowUp",
      run: (editor: EditorView) =>
        completionStatus(editor.state) === "active" ? moveCompletionSelection(false)(editor) : recall(editor, 1),
    },
    { key: "Ctrl-Space", run: startCompletion },
    {
      key: "Escape",
      run: (editor: EditorView) => {
        if (closeCompletion(editor)) return true;
        editor.contentDOM.blur();
        return true;
      },
    },
    {
      key: "?",
      run: (editor: EditorView) => {
        if (editor.state.doc.length > 0) return false;
        commands.syntax();
        return true;
      },
    },
  ];
}

/** Takes the chosen suggestion, or the first, as soon as the hub has answered what was typed. */
function acceptSoon(editor: EditorView, typed: Text, tries: number): void {
  const status = completionStatus(editor.state);
  if (status === null || tries === 0 || editor.state.doc !== typed) return;
  if (status === "active") {
    if (!selectedCompletion(editor.state)) moveCompletionSelection(true)(editor);
    if (acceptCompletion(editor)) return;
  }
  setTimeout(() => acceptSoon(editor, typed, tries - 1), 40);
}

const sections: Record<string, { name: string; rank: number }> = {
  field: { name: "Fields", rank: 1 },
  value: { name: "Values", rank: 2 },
  operator: { name: "Operators", rank: 3 },
  kind: { name: "Kinds", rank: 4 },
  resource: { name: "Objects", rank: 5 },
};

interface Counted extends Completion {
  hits: number | null;
}

function countOf(completion: Completion): Node | null {
  const hits = (completion as Counted).hits;
  if (hits === null || hits === undefined) return null;
  const span = document.createElement("span");
  span.className = "cm-completionCount";
  span.textContent = String(hits);
  return span;
}

async function complete(
  client: QueryClient,
  page: QueryPage,
  context: CompletionContext,
): Promise<CompletionResult | null> {
  const text = context.state.doc.toString();
  try {
    const [found, named] = await Promise.all([
      client.fetchQuery(completions(text, bytesOfUnits(text, context.pos), page)),
      savedLike(client, text),
    ]);
    if (context.aborted || found.length + named.length === 0) return null;
    const options = found.map((s): Counted => {
      const from = unitsOfBytes(text, s.from);
      const to = unitsOfBytes(text, s.to);
      return {
        label: s.label,
        detail: s.detail,
        section: sections[s.type] ?? { name: s.type, rank: 9 },
        hits: s.count,
        apply: (editor) => {
          editor.dispatch({ changes: { from, to, insert: s.text }, selection: { anchor: from + s.text.length } });
          if (/[:.]$/.test(s.text)) startCompletion(editor);
        },
      };
    });
    for (const s of named)
      options.push({
        label: s.name,
        detail: s.query,
        section: { name: "Saved searches", rank: 6 },
        hits: null,
        apply: (editor) =>
          editor.dispatch({
            changes: { from: 0, to: editor.state.doc.length, insert: s.query },
            selection: { anchor: s.query.length },
          }),
      });
    return { from: Math.min(...found.map((s) => unitsOfBytes(text, s.from)), context.pos), options, filter: false };
  } catch {
    return null; // Without completions the bar still works; the search itself says what is wrong.
  }
}

/** Saved searches that are called what is typed, as long as that is nothing but words. */
async function savedLike(client: QueryClient, text: string): Promise<Saved[]> {
  if (text.length > 40 || looksLikeQuery(text)) return [];
  try {
    return (await client.fetchQuery(savedSearches())).filter((s) => like(s.name, text.trim())).slice(0, 5);
  } catch {
    return [];
  }
}

async function lint(client: QueryClient, page: QueryPage, editor: EditorView): Promise<Diagnostic[]> {
  const text = editor.state.doc.toString();
  if (text.trim() === "") return [];
  try {
    const { error } = await client.fetchQuery(explanation(text, page));
    if (!error || editor.state.doc.toString() !== text) return [];
    const from = unitsOfBytes(text, error.from);
    const to = unitsOfBytes(text, error.to);
    return [
      {
        from: Math.min(from, text.length),
        to: Math.min(Math.max(to, from), text.length),
        severity: "error",
        message: `${error.message} ${error.fix}`.trim(),
        actions: fixesOf(text, error.fix, from, to).map((fix) => ({
          name: `Use ${fix.label}`,
          apply: (view: EditorView) =>
            view.dispatch({
              changes: { from: 0, to: view.state.doc.length, insert: fix.query },
              selection: { anchor: fix.query.length },
            }),
        })),
      },
    ];
  } catch {
    return [];
  }
}

const marks = new Map<TokenType, Decoration>(
  (["field", "operator", "value", "string", "regex", "keyword", "negation", "paren", "comma"] as const).map((type) => [
    type,
    Decoration.mark({ class: `ql-${type}` }),
  ]),
);

const colours = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = decorate(view);
    }
    update(update: ViewUpdate) {
      if (update.docChanged) this.decorations = decorate(update.view);
    }
  },
  { decorations: (plugin) => plugin.decorations },
);

function decorate(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  for (const token of tokenize(view.state.doc.toString())) {
    const mark = marks.get(token.type);
    if (mark) builder.add(token.from, token.to, mark);
  }
  return builder.finish();
}

const theme = EditorView.theme({
  "&": { fontSize: "13px", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "20px", overflowX: "auto", scrollbarWidth: "none" },
  ".cm-content": { padding: "6px 0", caretColor: "var(--ink)" },
  ".cm-line": { padding: "0" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-placeholder": {
    color: "var(--muted)",
    maxWidth: "100%",
    overflow: "hidden",
    textOverflow: "ellipsis",
    whiteSpace: "nowrap",
  },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    background: "color-mix(in srgb, var(--accent) 28%, transparent)",
  },
  ".ql-field": { color: "var(--accent)" },
  ".ql-operator, .ql-comma, .ql-paren": { color: "var(--muted)" },
  ".ql-string": { color: "var(--good)" },
  ".ql-regex": { color: "var(--leaving)" },
  ".ql-keyword, .ql-negation": { color: "var(--bad)", fontWeight: "600" },
  ".cm-tooltip": {
    background: "var(--surface)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    boxShadow: "0 8px 24px rgb(0 0 0 / 0.2)",
    overflow: "hidden",
  },
  ".cm-tooltip.cm-tooltip-autocomplete": { marginTop: "8px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "var(--font-mono)",
    fontSize: "13px",
    maxHeight: "20rem",
    minWidth: "22rem",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": {
    padding: "3px 10px",
    display: "flex",
    gap: "10px",
    alignItems: "baseline",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--accent)",
    color: "var(--on-accent)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > completion-section": {
    color: "var(--muted)",
    fontFamily: "var(--font-sans)",
    fontSize: "11px",
    padding: "6px 10px 2px",
    borderBottom: "none",
    opacity: "1",
  },
  ".cm-completionDetail": {
    fontStyle: "normal",
    fontFamily: "var(--font-sans)",
    fontSize: "12px",
    color: "var(--muted)",
    marginLeft: "0",
    flexGrow: "1",
    overflow: "hidden",
    textOverflow: "ellipsis",
  },
  ".cm-completionCount": { marginLeft: "auto", fontSize: "12px", color: "var(--muted)" },
  "li[aria-selected] .cm-completionDetail, li[aria-selected] .cm-completionCount": { color: "inherit" },
  ".cm-diagnostic": {
    fontFamily: "var(--font-sans)",
    padding: "8px 12px",
    borderLeft: "3px solid var(--bad)",
    maxWidth: "32rem",
    whiteSpace: "normal",
  },
  ".cm-diagnosticAction": {
    background: "var(--accent)",
    color: "var(--on-accent)",
    borderRadius: "5px",
    padding: "2px 8px",
    margin: "6px 8px 0 0",
    fontFamily: "var(--font-mono)",
    fontSize: "12px",
  },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--bad)",
    textUnderlineOffset: "4px",
    textDecorationSkipInk: "none",
  },
});
