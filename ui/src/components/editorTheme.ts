import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import type { Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** How manifests look: the page's colours, by variables, so that both themes are one. */
export const editorTheme: Extension = [
  EditorView.theme({
    "&": { height: "100%", fontSize: "12px", backgroundColor: "var(--surface)", color: "var(--ink)" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "18px" },
    ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
    ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
    ".cm-activeLineGutter": { backgroundColor: "var(--hover)" },
    ".cm-cursor": { borderLeftColor: "var(--ink)" },
    ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
      background: "color-mix(in srgb, var(--accent) 28%, transparent)",
    },
    ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)", borderColor: "var(--line)" },
    ".cm-textfield": { backgroundColor: "var(--surface)", border: "1px solid var(--edge)", color: "var(--ink)" },
    ".cm-button": {
      backgroundImage: "none",
      backgroundColor: "var(--surface)",
      border: "1px solid var(--edge)",
      color: "var(--ink)",
    },
    ".cm-foldPlaceholder": { backgroundColor: "var(--hover)", border: "1px solid var(--line)", color: "var(--muted)" },
    ".cm-changedLine": { backgroundColor: "var(--added) !important" },
    "&.cm-merge-a .cm-changedLine, .cm-deletedChunk": { backgroundColor: "var(--removed) !important" },
    ".cm-changedText": { background: "color-mix(in srgb, var(--good) 30%, transparent) !important" },
    "&.cm-merge-a .cm-changedText, .cm-deletedText": {
      background: "color-mix(in srgb, var(--bad) 30%, transparent) !important",
    },
    ".cm-collapsedLines:before, .cm-collapsedLines:after": { content: '""' },
    ".cm-collapsedLines": {
      background: "var(--raised)",
      color: "var(--muted)",
      padding: "2px 10px",
      cursor: "pointer",
    },
  }),
  syntaxHighlighting(
    HighlightStyle.define([
      { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
      { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
      { tag: [tags.number, tags.bool, tags.null], color: "var(--leaving)" },
      { tag: tags.comment, color: "var(--muted)" },
      { tag: [tags.punctuation, tags.separator, tags.meta], color: "var(--muted)" },
    ]),
  ),
];
