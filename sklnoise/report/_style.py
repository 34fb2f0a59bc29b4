"""How a report looks: in light and dark, on a narrow screen and on paper."""

STYLE = """
:root { --ink: #1d2430; --paper: #fff; --soft: #5a6472; --line: #d9dee5;
  --panel: #f4f6f9; --accent: #08519c; --bar: #a9c4e0; --warn: #b45309;
  --warn-panel: #fff6e6; --heat: 8 48 107; --cell: #000; --deep: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e8ee; --paper: #14181d;
  --soft: #9aa5b3; --line: #333b45; --panel: #1c2229; --accent: #7fb5ea;
  --bar: #3c5876; --warn: #f0a947; --warn-panel: #2a2115;
  --heat: 100 170 240; --cell: #fff; --deep: #000; } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; scroll-behavior: smooth; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1080px; margin: 0 auto; padding: 1.5rem 1.25rem 3rem; }
h1, h2, h3, p, li, nav, .large { overflow-wrap: anywhere; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .5rem; padding-top: .75rem;
  border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
p, ul { max-width: 46em; margin: .5rem 0; }
ul { padding-left: 1.25rem; }
li { margin: .3rem 0; }
a { color: var(--accent); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; margin: 1.25rem 0 0; }
.quiet { color: var(--soft); font-size: .875rem; }
.figures { display: grid; gap: .75rem; margin-bottom: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(min(10rem, 100%), 1fr)); }
.figures > div { background: var(--panel); border-radius: 8px; padding: .7rem .9rem; }
.large { font-size: 1.6rem; font-weight: 600; line-height: 1.3;
  font-variant-numeric: tabular-nums; }
.caution { background: var(--warn-panel); border-left: 4px solid var(--warn);
  border-radius: 0 6px 6px 0; padding: .55rem .9rem; }
.box { overflow: auto; margin: .75rem 0; width: fit-content; max-width: 100%;
  border: 1px solid var(--line); border-radius: 8px; }
.tall { max-height: 34rem; }
.tall thead th { position: sticky; top: 0; background: var(--paper); }
.box:focus-visible { outline: 2px solid var(--accent); }
table { border-collapse: collapse; min-width: 18rem; font-size: .875rem;
  font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: .5rem .7rem; }
th, td { padding: .35rem .7rem; text-align: left; vertical-align: top;
  border-top: 1px solid var(--line); overflow-wrap: break-word; max-width: 28rem; }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 600; }
.number { text-align: right; white-space: nowrap; }
thead th { white-space: nowrap; }
.name { min-width: 6.5rem; }
td.quiet { font-style: italic; }
details { min-width: 15rem; }
details summary { cursor: pointer; }
details p { margin: .4rem 0 0; white-space: pre-wrap; max-height: 20rem;
  overflow-y: auto; }
.heat td, .heat thead th { text-align: center; }
.heat td { color: var(--cell); border: 1px solid var(--paper);
  min-width: 3.4rem; vertical-align: middle; }
.heat td small { display: block; font-size: .72rem; }
.heat .deep { color: var(--deep); }
.heat .faint { color: var(--soft); }
.thumb { display: block; height: 64px; width: auto; max-width: 128px;
  image-rendering: pixelated; border-radius: 3px; }
.matrix { display: block; width: 480px; max-width: 100%; height: auto;
  margin: .75rem 0; border: 1px solid var(--line); image-rendering: pixelated; }
.chart { display: block; width: 100%; max-width: 720px; height: auto; }
.chart text { font-size: 12px; fill: var(--soft); }
.chart .all { fill: var(--bar); }
.chart .issue { fill: var(--accent); }
.chart .axis { stroke: var(--soft); }
.chart polyline { fill: none; stroke-width: 2; stroke-linecap: round; }
.chart polyline.train-loss { stroke: var(--accent); }
.chart polyline.valid-loss { stroke: var(--warn); stroke-dasharray: 6 5; }
.chart text.train-loss { fill: var(--accent); }
.chart text.valid-loss { fill: var(--warn); }
@media (max-width: 600px) { main { padding: 1rem .8rem 2rem; }
  .chart text { font-size: 16px; }
  h1 { font-size: 1.4rem; } .large { font-size: 1.3rem; }
  .figures { grid-template-columns: 1fr 1fr; gap: .5rem; } }
@media print { nav { display: none; } main { max-width: none; padding: 0; }
  .box { overflow: visible; border: 0; max-height: none; }
  thead { display: table-header-group; }
  tr, .matrix, .chart, .caution, .figures > div { break-inside: avoid; }
  h2, h3 { break-after: avoid; } table { font-size: .75rem; }
  td, th { padding: .2rem .35rem; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
