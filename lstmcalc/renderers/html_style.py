"""How a page of HTML looks: on a screen in the light and in the dark, on a phone, and on paper."""

from __future__ import annotations

__all__ = ["STYLE"]

STYLE = """\
:root {
  color-scheme: light dark;
  --ink: #1c2024; --soft: #5b6470; --paper: #ffffff; --shade: #f4f5f7; --line: #d9dde3;
  --error: #b42318; --hint: #8a5a00; --link: #0b57d0;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e8eb; --soft: #a3abb6; --paper: #15181c; --shade: #1f2329; --line: #363c45;
    --error: #ff8a80; --hint: #f0c060; --link: #8ab4f8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; max-width: 76rem; padding: 1rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: break-word;
}
h1 { margin: 1.5rem 0 .75rem; font-size: 1.5rem; line-height: 1.25; }
h2 { margin: 2rem 0 .5rem; font-size: 1.2rem; }
h3 { margin: 1.5rem 0 .35rem; font-size: 1rem; }
p { margin: .35rem 0; max-width: 48rem; }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { font-size: .92em; unicode-bidi: isolate; }
a { color: var(--link); }
article + article { margin-top: 3rem; border-top: 1px solid var(--line); }
nav { padding: .25rem 1rem; background: var(--shade); border-radius: .5rem; }
pre, figure, .table { margin: .5rem 0; overflow-x: auto; }
pre { padding: .5rem .75rem; background: var(--shade); border-radius: .35rem; font-size: .9rem; line-height: 1.35; }
table { border-collapse: collapse; }
th, td { padding: .25rem 1.25rem .25rem 0; text-align: left; vertical-align: top; }
th { border-bottom: 2px solid var(--line); white-space: nowrap; }
td { border-bottom: 1px solid var(--line); }
td:not(:last-child) { white-space: nowrap; }
td:last-child { min-width: 12rem; max-width: 48rem; }
.plain td { border-bottom: 0; }
.plain td:first-child { color: var(--soft); }
.n { text-align: right; font-variant-numeric: tabular-nums; }
.fault { margin: 1rem 0; padding: .5rem .9rem; background: var(--shade); border-left: .25rem solid var(--hint); }
.fault strong { color: var(--hint); }
.error { border-color: var(--error); }
.error strong { color: var(--error); }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .1rem 1rem; margin: .25rem 0; }
dt { color: var(--soft); }
dd { margin: 0; }
figure { margin-inline: 0; }
figure .lc .paper { fill: none; }
@media (max-width: 40rem) {
  body { padding: .5rem .75rem 3rem; font-size: .95rem; }
  th, td { padding-right: .9rem; }
}
@media print {
  :root { --ink: #000000; --soft: #444444; --paper: #ffffff; --shade: #ffffff; --line: #bbbbbb; color-scheme: light; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  nav { display: none; }
  pre { white-space: pre-wrap; border: 1px solid var(--line); }
  .table, figure { overflow: visible; }
  td:not(:last-child) { white-space: normal; }
  tr, pre, figure, .fault { break-inside: avoid; }
  h1, h2, h3 { break-after: avoid; }
  article + article { break-before: page; }
}
"""
