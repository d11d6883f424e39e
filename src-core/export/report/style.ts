/** @file What a report looks like: the colors of the app, light or dark as the reader's system is, and black on paper. */

export const style = `
:root {
  color-scheme: light dark;
  --background: light-dark(#ffffff, #15171c);
  --text: light-dark(#1b1f27, #e6e9ef);
  --secondary: light-dark(#5b6472, #9aa4b2);
  --border: light-dark(#d9dde4, #2c313b);
  --good: light-dark(#2f9e5f, #2f8f5b);
  --bad: light-dark(#d1495b, #c04a58);
  --warning: light-dark(#8a5c00, #e3b341);
}
@media print { :root { color-scheme: light; } section { break-inside: auto; } figure, tr { break-inside: avoid; } }
body { margin: 0; background: var(--background); color: var(--text); font: 13px/1.5 system-ui, sans-serif; }
main { max-width: 1000px; margin: 0 auto; padding: 24px; }
h1 { font-size: 28px; font-weight: 600; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 20px; font-weight: 600; margin: 32px 0 12px; }
h3 { font-size: 16px; font-weight: 600; margin: 24px 0 8px; }
table { border-collapse: collapse; margin: 12px 0; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--secondary); }
th, td { text-align: right; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--border); font-weight: 400; overflow-wrap: anywhere; }
th:first-child, .facts td { text-align: left; }
thead th, .facts th, .secondary, figcaption { color: var(--secondary); }
.warning { color: var(--warning); }
.row { display: flex; flex-wrap: wrap; gap: 24px; }
figure { margin: 12px 0; flex: 1 1 380px; max-width: 460px; }
figure.matrix svg { max-width: 100%; }
svg { display: block; width: 100%; height: auto; }
.matrix svg { width: auto; }
.tick, .count { fill: var(--secondary); font-size: 11px; }
.count { fill: var(--text); font-size: 10px; }
.grid, .cell { stroke: var(--border); fill: none; }
.right, .bar { fill: var(--good); }
.wrong { fill: var(--bad); }
.diagonal { stroke: var(--secondary); stroke-dasharray: 4 4; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.key { white-space: nowrap; margin-left: 8px; }
.key i { display: inline-block; width: 12px; height: 3px; margin-right: 4px; vertical-align: middle; print-color-adjust: exact; }
.c0 { stroke: #3b6fd4; background: #3b6fd4; } .c1 { stroke: #e0812b; background: #e0812b; }
.c2 { stroke: #2f9e5f; background: #2f9e5f; } .c3 { stroke: #d1495b; background: #d1495b; }
.c4 { stroke: #8e5bd0; background: #8e5bd0; } .c5 { stroke: #1fa3b5; background: #1fa3b5; }
.c6 { stroke: #c2a114; background: #c2a114; } .c7 { stroke: #7a8b2e; background: #7a8b2e; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: 12px/1.5 ui-monospace, monospace; }
`;
